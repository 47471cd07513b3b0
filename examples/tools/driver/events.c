/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

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

static void write_record(FILE *out, const uint8_t *message, size_t n)
{
    uint8_t head[12];
    uint8_t tail[4];
    put_little(head, n, 8);
    put_little(head + 8, mask(crc32c(head, 8)), 4);
    put_little(tail, mask(crc32c(message, n)), 4);
    fwrite(head, 1, sizeof head, out);
    fwrite(message, 1, n, out);
    fwrite(tail, 1, sizeof tail, out);
    fflush(out);
}

void events_open(events *e, const char *folder)
{
    static const char VERSION[] = "brain.Event:2";
    char path[4352];
    uint8_t message[64];
    snprintf(path, sizeof path, "%s/events.out.tfevents.%lld.recrl", folder, (long long)time(NULL));
    text_make_folders(path);
    e->out = fopen(path, "ab");
    if (e->out == NULL) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
    size_t n = put_wall_time(message);
    n += put_bytes(message + n, 3, VERSION, sizeof VERSION - 1);
    write_record(e->out, message, n);
}

void events_close(events *e)
{
    fclose(e->out);
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
    write_record(e->out, message, n);
}
