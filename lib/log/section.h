/* SPDX-License-Identifier: MIT */
/* section.h: the arrays of a blob of format 2. Behind the head stands a table, one entry an array,
 * and behind the table the arrays in the table's order, each at a multiple of 8. An entry says what
 * its array is, what its numbers are and how many, so that a reader can step over what it does not
 * know. docs/log_format.md. */
#ifndef RRI_LOG_SECTION_H
#define RRI_LOG_SECTION_H

#include "core/status.h"

/* Types of numbers: the high half says what they are (0 unsigned, 1 signed, 2 IEEE 754), the low
 * half the power of two that is their length in bytes. */
#define RRI_SECTION_U8  0x00u
#define RRI_SECTION_I32 0x12u
#define RRI_SECTION_F32 0x22u
#define RRI_SECTION_U64 0x03u

/* A reader that does not know this kind of section may read the blob without it. */
#define RRI_SECTION_MAY_BE_SKIPPED 1u

typedef struct rri_section {
    uint16_t kind;
    uint8_t type, flags;
    uint32_t rows, columns;
    uint32_t place; /* from the blob's beginning, in eights of bytes */
} rri_section;

/* Of its array; saturates. */
size_t rri_section_bytes(const rri_section *section);

/* Whether the `n` entries at byte `at` of the blob are in order: kinds rise, the arrays lie one
 * behind the other without gaps, and the last one ends where the blob does. `what` ("record") opens
 * the sentence. */
rr_status rri_sections_check(const void *blob, size_t bytes, size_t at, uint32_t n,
                             const char *what, rr_error *err);

/* An entry whose kind this release does not know: RR_OK where it may be skipped, else
 * RR_E_VERSION. */
rr_status rri_section_refuse(const rri_section *section, const char *what, rr_error *err);

#endif
