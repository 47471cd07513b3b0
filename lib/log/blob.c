/* SPDX-License-Identifier: MIT */
#include "log/blob.h"

#include <stdbool.h>
#include <string.h>

#include "core/hash.h"
#include "core/memory.h"

/* Numbers are copied as they lie in memory, and the format is little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the log needs a little-endian host");
_Static_assert(sizeof(rri_blob_head) == 32, "the head of a blob is 32 bytes");

size_t rri_blob_padded(size_t bytes)
{
    return bytes > SIZE_MAX - 7 ? SIZE_MAX - 7 : (bytes + 7) & ~(size_t)7;
}

static uint64_t checksum_of(const unsigned char *blob, size_t bytes)
{
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, blob, offsetof(rri_blob_head, checksum));
    rri_hash_update(&hash, blob + sizeof(rri_blob_head), bytes - sizeof(rri_blob_head));
    return rri_hash_final(&hash);
}

static uint16_t check_of(const rri_blob_head *head)
{
    unsigned char bytes[offsetof(rri_blob_head, checksum) - sizeof head->head_check];
    const size_t before = offsetof(rri_blob_head, head_check);
    memcpy(bytes, head, before);
    memcpy(bytes + before, &head->has, sizeof bytes - before);
    return (uint16_t)rri_hash_bytes(bytes, sizeof bytes, 0);
}

void rri_blob_seal(void *blob, const char magic[8], uint32_t has, size_t bytes)
{
    rri_blob_head head = {.format = RRI_BLOB_FORMAT, .has = has, .bytes = bytes};
    memcpy(head.magic, magic, sizeof head.magic);
    head.head_check = check_of(&head);
    memcpy(blob, &head, sizeof head);
    head.checksum = checksum_of(blob, bytes);
    memcpy(blob, &head, sizeof head);
}

int32_t rri_blob_kind(const void *data, size_t bytes)
{
    static const char *const magics[] = {[RR_BLOB_RECORD] = RRI_RECORD_MAGIC,
                                         [RR_BLOB_OUTCOME] = RRI_OUTCOME_MAGIC,
                                         [RR_BLOB_ENDING] = RRI_ENDING_MAGIC};
    for (int32_t kind = RR_BLOB_RECORD; kind <= RR_BLOB_ENDING; kind++) {
        if (memcmp(data, magics[kind], bytes < 8 ? bytes : 8) == 0) {
            return kind;
        }
    }
    return -1;
}

/* Whether the head can be one: its own check, where its format has one, and a length that a blob
 * can have. */
static bool is_head(const rri_blob_head *head)
{
    return rri_blob_kind(head, sizeof *head) >= 0 && head->format >= 1 &&
           head->head_check == (head->format == 1 ? 0 : check_of(head)) &&
           head->bytes >= sizeof *head && head->bytes % 8 == 0 &&
           head->bytes <= RRI_BLOB_MOST_BYTES && head->bytes <= SIZE_MAX;
}

rr_status rri_blob_length(size_t *length, const void *data, size_t bytes, rr_error *err)
{
    rri_blob_head head;
    if (rri_blob_kind(data, bytes) < 0) {
        RRI_FAIL(err, RR_E_FORMAT, "log: no blob begins here");
    }
    *length = sizeof head;
    if (bytes < sizeof head) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "log: %zu bytes are left; the head of a blob has %zu", bytes,
                 sizeof head);
    }
    memcpy(&head, data, sizeof head);
    if (!is_head(&head)) {
        RRI_FAIL(err, RR_E_FORMAT, "log: the head of a blob is damaged");
    }
    *length = (size_t)head.bytes;
    if (bytes < *length) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "log: a blob says that it has %zu bytes; %zu are left",
                 *length, bytes);
    }
    return RR_OK;
}

rr_status rri_blob_check(const void *blob, size_t bytes, const char magic[8], size_t least,
                         const char *what, rr_error *err)
{
    rri_blob_head head;
    size_t length = 0;
    if (memcmp(blob, magic, rri_size_smaller(bytes, sizeof head.magic)) == 0 &&
        rri_blob_length(&length, blob, bytes, NULL) == RR_E_TOO_SMALL) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "%s: it is not whole yet: %zu bytes are there, of %s%zu",
                 what, bytes, bytes < sizeof head ? "at least " : "", length);
    }
    if (bytes < least) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %zu bytes; the shortest has %zu", what, bytes, least);
    }
    memcpy(&head, blob, sizeof head);
    if (memcmp(head.magic, magic, sizeof head.magic) != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: it does not begin with %.8s", what, magic);
    }
    if (head.bytes != bytes || bytes % 8 != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: it says that it has %llu bytes, and has %zu", what,
                 (unsigned long long)head.bytes, bytes);
    }
    if (!is_head(&head) || checksum_of(blob, bytes) != head.checksum) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: its checksum is not that of its bytes", what);
    }
    if (head.format > RRI_BLOB_FORMAT) {
        RRI_FAIL(err, RR_E_VERSION, "%s: its format is %u; this release reads 1 and %u", what,
                 head.format, RRI_BLOB_FORMAT);
    }
    return RR_OK;
}
