/* SPDX-License-Identifier: MIT */
/* record_keys.h: pool indices of a record and the host's keys beside them. An index means an item
 * in one catalogue alone; a key means it in every one. */
#ifndef RRI_LOG_RECORD_KEYS_H
#define RRI_LOG_RECORD_KEYS_H

#include "log/record_blob.h"

/* Writes the arrays of keys of a row: the pool's beside its indices, the host's beside −1 and where
 * there is no pool; 0: none. */
void rri_record_keys_write(unsigned char *out, const rri_record *record, const rr_obs *obs,
                           size_t row);

/* Turns the record's indices into the pool's, by key, where it was made over another catalogue; its
 * pool_fingerprint becomes the pool's. Excluded and past items that the pool does
 * not have are left out; a candidate that it does not have is RR_E_NOT_FOUND, and a row whose list
 * was the whole of another catalogue, or that has no keys, RR_E_MISMATCH. RR_E_FORMAT where an
 * index lies outside the pool. */
rr_status rri_record_keys_resolve(const rri_record *record, const rr_items *pool, rr_error *err);
/* The same of the history alone, which is all that is read of the lists of a final observation. */
rr_status rri_record_keys_resolve_history(const rri_record *record, const rr_items *pool,
                                          rr_error *err);

#endif
