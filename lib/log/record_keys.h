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
 * pool_fingerprint becomes the pool's. Excluded and past items that the pool does not have are left
 * out, unless a candidate in no pool has their key. A candidate that it does not have, or that is
 * gone from it, becomes one in no pool with the vector that `lender` (NULL: none) has for it, and
 * with its key where history or exclusions name it; without one it is RR_E_NOT_FOUND. A row whose
 * list was the whole of another catalogue, or that has no keys, is RR_E_MISMATCH, and one with an
 * index outside the pool RR_E_FORMAT. */
rr_status rri_record_keys_resolve(rri_record *record, const rr_items *pool, rri_lender *lender,
                                  rr_error *err);
/* The same of the history alone, which is all that is read of the lists of a final observation. */
rr_status rri_record_keys_resolve_history(const rri_record *record, const rr_items *pool,
                                          rr_error *err);

#endif
