/* SPDX-License-Identifier: MIT */
#include "log/blob.h"

#include <string.h>

#include "core/hash.h"

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

void rri_blob_seal(void *blob, const char magic[8], uint32_t has, size_t bytes)
{
    rri_blob_head head = {.format = RRI_BLOB_FORMAT, .has = has, .bytes = bytes};
    memcpy(head.magic, magic, sizeof head.magic);
    memcpy(blob, &head, sizeof head);
    head.checksum = checksum_of(blob, bytes);
    memcpy(blob, &head, sizeof head);
}

rr_status rri_blob_check(const void *blob, size_t bytes, const char magic[8], size_t least,
                         const char *what, rr_error *err)
{
    rri_blob_head head;
    if (bytes < least) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: %zu bytes; the shortest has %zu", what, bytes, least);
    }
    memcpy(&head, blob, sizeof head);
    if (memcmp(head.magic, magic, sizeof head.magic) != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: it does not begin with %.8s", what, magic);
    }
    if (head.format > RRI_BLOB_FORMAT) {
        RRI_FAIL(err, RR_E_VERSION, "%s: its format is %u; this release reads %u", what,
                 head.format, RRI_BLOB_FORMAT);
    }
    if (head.bytes != bytes || bytes % 8 != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: it says that it has %llu bytes, and has %zu", what,
                 (unsigned long long)head.bytes, bytes);
    }
    if (head.format != RRI_BLOB_FORMAT || checksum_of(blob, bytes) != head.checksum) {
        RRI_FAIL(err, RR_E_FORMAT, "%s: its checksum is not that of its bytes", what);
    }
    return RR_OK;
}

rr_status rri_blob_length(size_t *length, const void *data, size_t bytes, rr_error *err)
{
    rri_blob_head head;
    if (bytes < sizeof head) {
        RRI_FAIL(err, RR_E_FORMAT, "log: %zu bytes are left; a head has %zu", bytes, sizeof head);
    }
    memcpy(&head, data, sizeof head);
    if (head.bytes < sizeof head || head.bytes > bytes || head.bytes % 8 != 0) {
        RRI_FAIL(err, RR_E_FORMAT, "log: a blob says that it has %llu bytes; %zu are left",
                 (unsigned long long)head.bytes, bytes);
    }
    *length = (size_t)head.bytes;
    return RR_OK;
}
