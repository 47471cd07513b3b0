/* SPDX-License-Identifier: MIT */
/* status.h: the one form in which the library fails.
 *
 * Whoever allocates, reads a file or judges data returns rr_status, ends its parameters with a
 * nullable rr_error *, and leaves through RRI_FAIL; whoever calls such a function does it through
 * RRI_TRY. The sentence names the field, the value and what is allowed. */
#ifndef RRI_CORE_STATUS_H
#define RRI_CORE_STATUS_H

#include "recrl/recrl.h"

/* Returns the status of `call` to the caller's caller unless it is RR_OK. */
#define RRI_TRY(call)                                                                              \
    do {                                                                                           \
        const rr_status rri_try_status = (call);                                                   \
        if (rri_try_status != RR_OK) {                                                             \
            return rri_try_status;                                                                 \
        }                                                                                          \
    } while (0)

/* Writes the sentence into `err` (which may be NULL) and returns `status`. */
#define RRI_FAIL(err, status, ...) return rri_status_fail((err), (status), __VA_ARGS__)

rr_status rri_status_fail(rr_error *err, rr_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* RR_E_INVALID, "call: name is NULL", where the pointer is NULL. */
rr_status rri_require(const void *pointer, const char *call, const char *name, rr_error *err);

/* The sentence that is there was about a file: names it in front. Returns `status`; RR_OK has none.
 */
rr_status rri_status_of_file(rr_error *err, rr_status status, const char *path);
/* The same of one of many: "import: blob 17: …". */
rr_status rri_status_of_part(rr_error *err, rr_status status, const char *what, int32_t index);

/* The name ("RR_E_INVALID") and one-line meaning of a status; "RR_E_UNKNOWN" for foreign numbers.
 */
const char *rri_status_name(rr_status status);
const char *rri_status_text(rr_status status);

#endif
