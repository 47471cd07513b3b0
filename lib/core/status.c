/* SPDX-License-Identifier: MIT */
#include "core/status.h"

#include <stdarg.h>

#include "core/text.h"

/* The one table of numbers, names and meanings; the enum of recrl.h is compared with it by a test.
 */
static const struct {
    rr_status status;
    const char *name, *text;
} status_table[] = {
    {RR_OK, "RR_OK", "success"},
    {RR_E_INVALID, "RR_E_INVALID", "an argument or a config field is outside its range"},
    {RR_E_UNSUPPORTED, "RR_E_UNSUPPORTED",
     "a field or a combination that this release does not serve"},
    {RR_E_MEMORY, "RR_E_MEMORY", "memory could not be allocated, or a size does not fit"},
    {RR_E_STATE, "RR_E_STATE", "called out of order"},
    {RR_E_FULL, "RR_E_FULL", "the buffer has no room for these rows"},
    {RR_E_NOT_FINITE, "RR_E_NOT_FINITE", "NaN or infinity in what was given, or in a gradient"},
    {RR_E_IO, "RR_E_IO", "a file could not be read or written"},
    {RR_E_FORMAT, "RR_E_FORMAT",
     "a file or a block of memory is damaged or is not what it should be"},
    {RR_E_VERSION, "RR_E_VERSION", "a file or blob of another version"},
    {RR_E_MISMATCH, "RR_E_MISMATCH", "readable, but of another shape, head or item table"},
    {RR_E_THREAD, "RR_E_THREAD", "the system refused a thread"},
    {RR_E_TOO_SMALL, "RR_E_TOO_SMALL", "the caller's block is too small"},
    {RR_E_NOT_FOUND, "RR_E_NOT_FOUND", "no such field, tensor or key"},
    {RR_E_SKEW, "RR_E_SKEW", "a recorded log-prob is not what the policy that drew it gives"},
    {RR_E_STALE, "RR_E_STALE", "a reward after its wait, or rows too far from the present policy"},
    {RR_E_DUPLICATE, "RR_E_DUPLICATE", "a decision id that is there already"},
    {RR_E_CANCELLED, "RR_E_CANCELLED", "the host cancelled; what was done before is kept"},
};

rr_status rri_status_fail(rr_error *err, rr_status status, const char *format, ...)
{
    if (err == NULL) {
        return status;
    }
    err->status = status;
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return status;
}

rr_status rri_require(const void *pointer, const char *call, const char *name, rr_error *err)
{
    if (pointer == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s is NULL", call, name);
    }
    return RR_OK;
}

rr_status rri_status_of_file(rr_error *err, rr_status status, const char *path)
{
    if (err == NULL || status == RR_OK) {
        return status;
    }
    const rr_error inner = *err;
    return rri_status_fail(err, status, "file '%.240s': %s", path, inner.text);
}

rr_status rri_status_of_part(rr_error *err, rr_status status, const char *what, int32_t index)
{
    if (err == NULL || status == RR_OK) {
        return status;
    }
    const rr_error inner = *err;
    return rri_status_fail(err, status, "%s %d: %s", what, index, inner.text);
}

const char *rri_status_name(rr_status status)
{
    for (size_t i = 0; i < sizeof status_table / sizeof status_table[0]; i++) {
        if (status_table[i].status == status) {
            return status_table[i].name;
        }
    }
    return "RR_E_UNKNOWN";
}

const char *rri_status_text(rr_status status)
{
    for (size_t i = 0; i < sizeof status_table / sizeof status_table[0]; i++) {
        if (status_table[i].status == status) {
            return status_table[i].text;
        }
    }
    return "a number that is not in the table of this release";
}
