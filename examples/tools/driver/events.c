/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* CRC-32C (Castagnoli), bit by bit: a few hundred bytes an update. */
static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* The format rotates a checksum and adds a constant, so that one of data that has checksums inside
 * is not trivial. */
static uint32_t mask(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static void put_little(uint8_t *out, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

/* Field `number` of wire type 2: a length and bytes. */
static size_t put_bytes(uint8_t *out, int number, const void *bytes, size_t n)
{
    size_t at = put_varint(out, (uint64_t)number << 3 | 2u);
    at += put_varint(out + at, n);
    memcpy(out + at, bytes, n);
    return at + n;
}

static size_t put_wall_time(uint8_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    uint64_t bits = 0;
    memcpy(&bits, &seconds, sizeof bits);
    out[0] = 1 << 3 | 1;
    put_little(out + 1, bits, 8);
    return 9;
}

enum { HEAD = 12, TAIL = 4 }; /* bytes around a message */

static void write_record(row_file *out, const uint8_t *message, size_t n)
{
    uint8_t record[sizeof((events *)NULL)->summary + 128];
    put_little(record, n, 8);
    put_little(record + 8, mask(crc32c(record, 8)), 4);
    memcpy(record + HEAD, message, n);
    put_little(record + HEAD + n, mask(crc32c(message, n)), 4);
    row_file_add(out, record, HEAD + n + TAIL);
}

static const char PREFIX[] = "events.out.tfevents.";
static const char ENDING[] = ".recrl";

bool events_is_file(const char *name)
{
    const size_t n = strlen(name);
    return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 && n > sizeof ENDING - 1 &&
           strcmp(name + n - (sizeof ENDING - 1), ENDING) == 0;
}

/* The largest time in the name of an event file of the folder; 0: there is none. */
static long long last_time(const char *folder)
{
    long long last = 0;
    DIR *entries = opendir(folder);
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (events_is_file(entry->d_name)) {
            const long long at = strtoll(entry->d_name + sizeof PREFIX - 1, NULL, 10);
            last = at > last ? at : last;
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return last;
}

bool events_is_in(const char *folder)
{
    return last_time(folder) > 0;
}

static uint64_t get_little(const uint8_t *bytes, int n_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

/* The step of a message that events_end wrote: its second field. −1: another message. */
static int64_t step_of(const uint8_t *message, size_t n)
{
    uint64_t step = 0;
    if (n < 11 || message[9] != 2 << 3) {
        return -1;
    }
    for (size_t i = 10, shift = 0; i < n && shift < 64; i++, shift += 7) {
        step |= (uint64_t)(message[i] & 0x7f) << shift;
        if (message[i] < 0x80) {
            break;
        }
    }
    return (int64_t)step;
}

/* Bytes of the whole records of step ≤ `step` at the beginning of a file. */
static long long measure(FILE *in, int64_t step)
{
    uint8_t message[sizeof((events *)NULL)->summary + 128];
    uint8_t head[HEAD];
    long long whole = 0;
    while (fread(head, 1, HEAD, in) == HEAD) {
        const uint64_t n = get_little(head, 8);
        if (get_little(head + 8, 4) != mask(crc32c(head, 8)) || n > sizeof message - TAIL ||
            fread(message, 1, (size_t)n + TAIL, in) != n + TAIL ||
            get_little(message + n, 4) != mask(crc32c(message, (size_t)n)) ||
            step_of(message, (size_t)n) > step) {
            break;
        }
        whole += (long long)(HEAD + n + TAIL);
    }
    return whole;
}

void events_cut(const char *folder, int64_t step)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char path[4352];
        if (!events_is_file(entry->d_name)) {
            continue;
        }
        text_path(path, sizeof path, folder, entry->d_name);
        FILE *in = fopen(path, "rb");
        if (in == NULL) {
            text_fail("%s: cannot be read: %s", path, strerror(errno));
        }
        const long long whole = measure(in, step);
        const bool is_bad = ferror(in) != 0;
        fclose(in);
        if (is_bad || truncate(path, (off_t)whole) != 0) {
            text_fail("%s: cannot be cut: %s", path, strerror(errno));
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

void events_open(events *e, const char *folder, int64_t step)
{
    static const char VERSION[] = "brain.Event:2";
    static const uint8_t STARTS[] = {1 << 3, 1};
    char name[64];
    char path[4352];
    uint8_t message[64];
    const long long last = last_time(folder);
    const long long now = (long long)time(NULL);
    snprintf(name, sizeof name, "%s%010lld%s", PREFIX, now > last ? now : last + 1, ENDING);
    text_path(path, sizeof path, folder, name);
    row_file_open(&e->file, path, 0, true);
    size_t n = put_wall_time(message);
    n += put_bytes(message + n, 3, VERSION, sizeof VERSION - 1);
    write_record(&e->file, message, n);
    if (step > 0) {
        n = put_wall_time(message);
        message[n++] = 2 << 3;
        n += put_varint(message + n, (uint64_t)step + 1);
        n += put_bytes(message + n, 7, STARTS, sizeof STARTS);
        write_record(&e->file, message, n);
    }
}

void events_close(events *e)
{
    row_file_close(&e->file);
}

void events_begin(events *e, int64_t step)
{
    e->step = step;
    e->n_bytes = 0;
}

void events_add(events *e, const char *tag, double value)
{
    uint8_t scalar[128];
    const size_t length = strlen(tag);
    if (!isfinite(value) || length > 100 || e->n_bytes + 128 > sizeof e->summary) {
        return;
    }
    const float narrow = (float)value;
    uint32_t bits = 0;
    memcpy(&bits, &narrow, sizeof bits);
    size_t n = put_bytes(scalar, 1, tag, length);
    scalar[n] = 2 << 3 | 5;
    put_little(scalar + n + 1, bits, 4);
    e->n_bytes += put_bytes(e->summary + e->n_bytes, 1, scalar, n + 5);
}

void events_end(events *e)
{
    uint8_t message[sizeof e->summary + 64];
    size_t n = put_wall_time(message);
    message[n++] = 2 << 3;
    n += put_varint(message + n, (uint64_t)e->step);
    n += put_bytes(message + n, 5, e->summary, e->n_bytes);
    write_record(&e->file, message, n);
}
