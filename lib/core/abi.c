/* SPDX-License-Identifier: MIT */
#include "core/abi.h"

#include <stdbool.h>
#include <string.h>

#include "core/status.h"

enum {
    WORD = 8,            /* fields lie in words of 8 bytes: one of 8, or two of 4 */
    MOST_BYTES = 1 << 16 /* no struct of any release is larger; a guard against garbage */
};

static uint32_t size_of(const void *given)
{
    uint32_t size;
    memcpy(&size, given, sizeof size);
    return size;
}

rr_status rri_abi_check_type(const void *given, size_t full_bytes, const char *name,
                             const char *type, rr_error *err)
{
    if (given == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s is NULL", name);
    }
    const uint32_t size = size_of(given);
    const bool is_whole = size % WORD == 0 || size == full_bytes;
    if (size < WORD || !is_whole || size > MOST_BYTES) {
        RRI_FAIL(err, RR_E_INVALID, "%s: struct_size is %u; set it to sizeof(%s), here %zu", name,
                 size, type, full_bytes);
    }
    const unsigned char *bytes = given;
    for (size_t i = full_bytes; i < size; i++) {
        if (bytes[i] != 0) {
            RRI_FAIL(err, RR_E_UNSUPPORTED,
                     "%s: byte %zu is set, but this release knows %zu bytes of it; unknown fields "
                     "must be 0",
                     name, i, full_bytes);
        }
    }
    return RR_OK;
}

rr_status rri_abi_check(const void *given, size_t full_bytes, const char *name, rr_error *err)
{
    return rri_abi_check_type(given, full_bytes, name, name, err);
}

rr_status rri_abi_read_type(void *full, size_t full_bytes, const void *given, const char *name,
                            const char *type, rr_error *err)
{
    RRI_TRY(rri_abi_check_type(given, full_bytes, name, type, err));
    const size_t size = size_of(given);
    memset(full, 0, full_bytes);
    memcpy(full, given, size < full_bytes ? size : full_bytes);
    return RR_OK;
}

rr_status rri_abi_read(void *full, size_t full_bytes, const void *given, const char *name,
                       rr_error *err)
{
    return rri_abi_read_type(full, full_bytes, given, name, name, err);
}

void rri_abi_write(void *given, const void *full, size_t full_bytes)
{
    const uint32_t size = size_of(given);
    memcpy(given, full, size < full_bytes ? size : full_bytes);
    memcpy(given, &size, sizeof size);
}
