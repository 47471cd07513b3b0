/* SPDX-License-Identifier: MIT */
/* abi.h: structs that grow. A caller built against an older header hands over a shorter struct, one
 * built against a newer header a longer one; both begin with their struct_size. */
#ifndef RRI_CORE_ABI_H
#define RRI_CORE_ABI_H

#include <stddef.h>

#include "recrl/recrl.h"

/* full [full_bytes] ← what the caller knows of it, the rest 0. NULL, a size that cannot be one, or
 * unknown trailing bytes that are not 0 are refused; `name` ("rr_obs") goes into the sentence.
 *
 * A size is a multiple of 8. No public struct has a hole or a field across a boundary of 8 bytes,
 * so such a size ends between fields, and half a pointer is never read. */
rr_status rri_abi_read(void *full, size_t full_bytes, const void *given, const char *name,
                       rr_error *err);

/* given ← as much of full as it has room for, its struct_size kept. `given` passed rri_abi_check.
 */
void rri_abi_write(void *given, const void *full, size_t full_bytes);

/* The part of rri_abi_read that judges. */
rr_status rri_abi_check(const void *given, size_t full_bytes, const char *name, rr_error *err);
/* The same of what the sentence does not call by its type: "final_obs", an "rr_obs". */
rr_status rri_abi_read_type(void *full, size_t full_bytes, const void *given, const char *name,
                            const char *type, rr_error *err);
rr_status rri_abi_check_type(const void *given, size_t full_bytes, const char *name,
                             const char *type, rr_error *err);

#endif
