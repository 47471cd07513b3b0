/* SPDX-License-Identifier: MIT */
#include "log/section.h"

#include "core/memory.h"
#include "log/blob.h"

_Static_assert(sizeof(rri_section) == 16, "an entry of the table is 16 bytes");

size_t rri_section_bytes(const rri_section *section)
{
    const size_t n = rri_size_multiply(section->rows, section->columns);
    return rri_size_multiply(n, (size_t)1 << (section->type & 0x0fu));
}

rr_status rri_sections_check(const void *blob, size_t bytes, size_t at, uint32_t n,
                             const char *what, rr_error *err)
{
    const rri_section *table = (const void *)((const unsigned char *)blob + at);
    if (n > (bytes - at) / sizeof *table) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %u sections do not fit into %zu bytes", what, n, bytes);
    }
    at += n * sizeof *table;
    for (uint32_t i = 0; i < n; i++) {
        const rri_section *section = &table[i];
        if (i > 0 && section->kind <= section[-1].kind) {
            RRI_FAIL(err, RR_E_FORMAT, "%s: section %u has kind %u behind kind %u", what, i,
                     section->kind, section[-1].kind);
        }
        if ((size_t)section->place * 8 != at) {
            RRI_FAIL(err, RR_E_FORMAT, "%s: section %u begins at byte %llu; it must at %zu", what,
                     i, (unsigned long long)section->place * 8, at);
        }
        at = rri_blob_padded(rri_size_add(at, rri_section_bytes(section)));
        if (at > bytes) {
            RRI_FAIL(err, RR_E_FORMAT, "%s: section %u ends behind the blob", what, i);
        }
    }
    if (at != bytes) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: its sections end at byte %zu of %zu", what, at, bytes);
    }
    return RR_OK;
}

rr_status rri_section_refuse(const rri_section *section, const char *what, rr_error *err)
{
    if (section->flags != RRI_SECTION_MAY_BE_SKIPPED) {
        RRI_FAIL(err, RR_E_VERSION,
                 "%s: a section of kind %u, which this release does not know and cannot do without",
                 what, section->kind);
    }
    return RR_OK;
}
