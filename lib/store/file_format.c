/* SPDX-License-Identifier: MIT */
#include "store/file_format.h"

#include <inttypes.h>
#include <stdbool.h>
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

enum { KEY_ROOM = 64 };

/* "items_fingerprint_line" */
static const char *key_of(char out[KEY_ROOM], const char *key, const char *suffix)
{
    snprintf(out, KEY_ROOM, "%s_%s", key, suffix);
    return out;
}

rr_status rri_file_format_add_items(rri_safetensors_writer *writer, const char *key,
                                    const rr_items *items, rr_error *err)
{
    char text[24], name[KEY_ROOM];
    fingerprint_of(text, items);
    RRI_TRY(rri_safetensors_add_metadata(writer, key, text, err));
    if (items == NULL || rri_items_generation(items) == 0) {
        return RR_OK;
    }
    snprintf(text, sizeof text, "%016" PRIx64, rri_items_root(items));
    RRI_TRY(rri_safetensors_add_metadata(writer, key_of(name, key, "line"), text, err));
    snprintf(text, sizeof text, "%" PRIu32, rri_items_generation(items));
    return rri_safetensors_add_metadata(writer, key_of(name, key, "generation"), text, err);
}

static rr_status read_number(uint64_t *number, const char *text, int base, const char *key,
                             const char *what, rr_error *err)
{
    char again[24];
    *number = 0;
    for (const char *c = text; *c != '\0'; c++) {
        const int digit = *c >= 'a' ? *c - 'a' + 10 : *c - '0';
        *number = *number * (uint64_t)base + (uint64_t)digit;
    }
    if (base == 16) {
        snprintf(again, sizeof again, "%016" PRIx64, *number);
    } else {
        snprintf(again, sizeof again, "%" PRIu64, *number);
    }
    if (strcmp(text, again) != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %s is '%.20s'; it must be a number", what, key, text);
    }
    return RR_OK;
}

rr_status rri_file_format_fingerprint(uint64_t *fingerprint, const rri_safetensors_reader *reader,
                                      const char *key, const char *what, rr_error *err)
{
    const char *text = rri_safetensors_metadata(reader, key);
    if (text == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %s is missing", what, key);
    }
    return read_number(fingerprint, text, 16, key, what, err);
}

rr_status rri_file_format_generation(uint64_t *generation, const rri_safetensors_reader *reader,
                                     const char *key, const char *what, rr_error *err)
{
    char name[KEY_ROOM];
    const char *text = rri_safetensors_metadata(reader, key_of(name, key, "generation"));
    return read_number(generation, text != NULL ? text : "0", 10, name, what, err);
}

/* A generation of the very line of the items given that is later than theirs; false: none. */
static bool is_later(uint64_t *generation, const rri_safetensors_reader *reader, const char *key,
                     const rr_items *items, const char *what)
{
    char name[KEY_ROOM], root[24];
    const char *line = rri_safetensors_metadata(reader, key_of(name, key, "line"));
    snprintf(root, sizeof root, "%016" PRIx64, rri_items_root(items));
    return line != NULL && strcmp(line, root) == 0 &&
           rri_file_format_generation(generation, reader, key, what, NULL) == RR_OK &&
           *generation > rri_items_generation(items);
}

rr_status rri_file_format_check_items(rr_items **own, const rri_safetensors_reader *reader,
                                      const char *key, rr_items *items, const char *what,
                                      rr_error *err)
{
    char text[24], none[24];
    uint64_t saved, generation;
    const char *const found = rri_safetensors_metadata(reader, key);
    fingerprint_of(text, items);
    fingerprint_of(none, NULL);
    *own = NULL;
    if (found == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %s is missing", what, key);
    }
    if (strcmp(found, text) == 0) {
        *own = rri_items_retain(items);
        return RR_OK;
    }
    if (items == NULL) {
        RRI_FAIL(err, RR_E_MISMATCH, "%s: it needs the catalogue whose %s is %.20s; none is given",
                 what, key, found);
    }
    if (strcmp(found, none) == 0) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: it was made without a catalogue; one is given, whose %s is %s", what, key,
                 text);
    }
    if (rri_file_format_fingerprint(&saved, reader, key, what, NULL) == RR_OK &&
        rri_items_ancestor(own, items, saved, NULL) == RR_OK) {
        return RR_OK;
    }
    if (is_later(&generation, reader, key, items, what)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: it needs generation %" PRIu64 " of the catalogue's line; the one given is "
                 "generation %" PRIu32 ", so that %" PRIu64 " are missing (rr_items_load)",
                 what, generation, rri_items_generation(items),
                 generation - rri_items_generation(items));
    }
    RRI_FAIL(err, RR_E_MISMATCH,
             "%s: it needs the catalogue whose %s is %.20s; that of the one given is %s", what, key,
             found, text);
}
