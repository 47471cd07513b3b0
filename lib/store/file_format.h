/* SPDX-License-Identifier: MIT */
/* file_format.h: what a file of ours says of itself, and which ones a release reads.
 *
 *   format           "librecrl checkpoint" or "librecrl policy"
 *   format_version   a number: another one is refused
 *   library          the release that wrote it; read by people alone
 *   requires         words that a reader must know, with commas between them; missing: none
 *
 * What a release does not know and the file does not require is ignored: tensors, metadata, and
 * fields of a config. So a later release may add what an earlier one can do without, and writes a
 * word into `requires` where leaving it out would change what is learned or played: a field of a
 * config that is not at its default, final histories of rows, slots of a page. Words of this
 * release: none. */
#ifndef RRI_STORE_FILE_FORMAT_H
#define RRI_STORE_FILE_FORMAT_H

#include "io/safetensors_reader.h"

enum { RRI_FILE_FORMAT_VERSION = 2 }; /* 1: before the first release */

rr_status rri_file_format_add(rri_safetensors_writer *writer, const char *format, rr_error *err);

/* what ("checkpoint") begins the sentences; function is who writes such files. RR_E_FORMAT: it is
 * none of these. RR_E_VERSION: another version, or a required word that this release does not know.
 */
rr_status rri_file_format_check(const rri_safetensors_reader *reader, const char *format,
                                const char *what, const char *function, rr_error *err);

/* The catalogue's fingerprint under `key`, 0 for none; behind generation 0 of a line also the line
 * and the generation, under `key` with _line and _generation behind it. */
rr_status rri_file_format_add_items(rri_safetensors_writer *writer, const char *key,
                                    const rr_items *items, rr_error *err);
/* Whether it is that of the catalogue given (NULL: none), or of an ancestor of it: *own is then
 * that generation, a reference of the caller's, NULL for none. Else RR_E_MISMATCH, which says what
 * is missing. */
rr_status rri_file_format_check_items(rr_items **own, const rri_safetensors_reader *reader,
                                      const char *key, rr_items *items, const char *what,
                                      rr_error *err);
/* The numbers under these keys; RR_E_FORMAT where they are none. A generation that is missing is 0.
 */
rr_status rri_file_format_fingerprint(uint64_t *fingerprint, const rri_safetensors_reader *reader,
                                      const char *key, const char *what, rr_error *err);
rr_status rri_file_format_generation(uint64_t *generation, const rri_safetensors_reader *reader,
                                     const char *key, const char *what, rr_error *err);

#endif
