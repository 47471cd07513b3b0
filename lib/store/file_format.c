/* SPDX-License-Identifier: MIT */
#include "store/file_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "items/items.h"

rr_status rri_file_format_add(rri_safetensors_writer *writer, const char *format, rr_error *err)
{
    char version[16], library[40];
    snprintf(version, sizeof version, "%d", RRI_FILE_FORMAT_VERSION);
    snprintf(library, sizeof library, "%d.%d.%d", RR_VERSION_MAJOR, RR_VERSION_MINOR,
             RR_VERSION_PATCH);
    RRI_TRY(rri_safetensors_add_metadata(writer, "format", format, err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "format_version", version, err));
    return rri_safetensors_add_metadata(writer, "library", library, err);
}

static rr_status check_version(const char *version, const char *what, rr_error *err)
{
    long number = 0;
    for (const char *c = version; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || number > 100000) {
            RRI_FAIL(err, RR_E_FORMAT, "%s: format_version is '%.20s'; it must be a number", what,
                     version);
        }
        number = number * 10 + (*c - '0');
    }
    if (number != RRI_FILE_FORMAT_VERSION) {
        RRI_FAIL(err, RR_E_VERSION, "%s: its format_version is %ld%s; this release reads %d", what,
                 number,
                 number < RRI_FILE_FORMAT_VERSION ? ", of before the first release"
                                                  : ", of a newer release",
                 RRI_FILE_FORMAT_VERSION);
    }
    return RR_OK;
}

rr_status rri_file_format_check(const rri_safetensors_reader *reader, const char *format,
                                const char *what, const char *function, rr_error *err)
{
    const char *found = rri_safetensors_metadata(reader, "format");
    const char *version = rri_safetensors_metadata(reader, "format_version");
    const char *needed = rri_safetensors_metadata(reader, "requires");
    if (found == NULL || strcmp(found, format) != 0 || version == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: a safetensors file, but not one that %s wrote", what,
                 function);
    }
    RRI_TRY(check_version(version, what, err));
    if (needed != NULL && needed[0] != '\0') {
        RRI_FAIL(err, RR_E_VERSION,
                 "%s: it requires '%.*s', which this release does not know; a newer one reads it",
                 what, (int)strcspn(needed, ","), needed);
    }
    return RR_OK;
}

/* Sixteen hexadecimal digits. */
static void fingerprint_of(char text[24], const rr_items *items)
{
    snprintf(text, 24, "%016" PRIx64, items != NULL ? rri_items_fingerprint(items) : 0);
}

rr_status rri_file_format_add_items(rri_safetensors_writer *writer, const char *key,
                                    const rr_items *items, rr_error *err)
{
    char text[24];
    fingerprint_of(text, items);
    return rri_safetensors_add_metadata(writer, key, text, err);
}

rr_status rri_file_format_check_items(const rri_safetensors_reader *reader, const char *key,
                                      const rr_items *items, const char *what, rr_error *err)
{
    char own[24], none[24];
    const char *const saved = rri_safetensors_metadata(reader, key);
    fingerprint_of(own, items);
    fingerprint_of(none, NULL);
    if (saved == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %s is missing", what, key);
    }
    if (strcmp(saved, own) == 0) {
        return RR_OK;
    }
    if (items == NULL) {
        RRI_FAIL(err, RR_E_MISMATCH, "%s: it needs the catalogue whose %s is %.20s; none is given",
                 what, key, saved);
    }
    if (strcmp(saved, none) == 0) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: it was made without a catalogue; one is given, whose %s is %s", what, key,
                 own);
    }
    RRI_FAIL(err, RR_E_MISMATCH,
             "%s: it needs the catalogue whose %s is %.20s; that of the one given is %s", what, key,
             saved, own);
}
