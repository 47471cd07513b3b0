/* SPDX-License-Identifier: MIT */
/* safetensors_reader.c: checks a whole block before anything of it is used, then finds tensors. */
#include "io/safetensors_reader.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"

static uint64_t load_u64(const unsigned char *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | at[i];
    }
    return value;
}

/* The last tensor is the hash of all bytes before it. */
static rr_status check_last(const rri_safetensors_header *header, rr_error *err)
{
    const rri_safetensors_tensor *const last =
        header->n_tensors > 0 ? &header->tensors[header->n_tensors - 1] : NULL;
    if (last == NULL || strcmp(last->name, RRI_SAFETENSORS_CHECKSUM) != 0 ||
        last->dtype != RRI_DTYPE_U8 || last->bytes != 8) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "safetensors: the last tensor must be '" RRI_SAFETENSORS_CHECKSUM "', U8 [8]");
    }
    return RR_OK;
}

/* What files that are no safetensors file most often are, by their first eight bytes. */
static const char *look_at(const unsigned char *block)
{
    static const struct {
        const char *begin;
        size_t n;
        const char *what;
    } kinds[] = {
        {"version ", 8, "it is a pointer of Git LFS; `git lfs pull` fetches the file itself"},
        {"PK\x03\x04", 4,
         "it is a zip archive (PyTorch and numpy write such); unpack it, or "
         "convert it to safetensors"},
        {"\x1f\x8b", 2, "it is compressed with gzip; unpack it"},
        {"\x89HDF", 4, "it is an HDF5 file; convert it to safetensors"},
        {"<!DOCTYP", 8, "it is a page of HTML: a download got an error page"},
        {"<!doctyp", 8, "it is a page of HTML: a download got an error page"},
        {"<html", 5, "it is a page of HTML: a download got an error page"},
        {"\x93NUMPY", 6, "it is an array of numpy (.npy)"},
        {"\x80\x02", 2, "it is a pickle of Python; convert it to safetensors"},
        {"SQLite f", 8, "it is a database of SQLite"},
        {"{", 1, "it begins as JSON does"},
    };
    bool is_text = true;
    for (size_t i = 0; i < 8; i++) {
        is_text = is_text && ((block[i] >= ' ' && block[i] <= '~') || block[i] == '\n' ||
                              block[i] == '\r' || block[i] == '\t');
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (memcmp(block, kinds[i].begin, kinds[i].n) == 0) {
            return kinds[i].what;
        }
    }
    return is_text ? "it is text" : NULL;
}

rr_status rri_safetensors_header_size(size_t *header_size, const unsigned char *block, size_t bytes,
                                      rr_error *err)
{
    if (bytes < 8) {
        RRI_FAIL(err, RR_E_FORMAT,
                 bytes == 0 ? "safetensors: it is empty (%zu bytes), as a write or a download that "
                              "broke leaves it"
                            : "safetensors: it has %zu bytes, too few for a header: it looks cut "
                              "off, as by a download that broke",
                 bytes);
    }
    const uint64_t size = load_u64(block);
    const char *const what = look_at(block);
    if (what != NULL && size > RRI_SAFETENSORS_MAX_HEADER) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors: this is no safetensors file: %s", what);
    }
    if (size > bytes - 8 && size <= RRI_SAFETENSORS_MAX_HEADER) {
        RRI_FAIL(
            err, RR_E_FORMAT,
            "safetensors: a header of %llu bytes is announced; %zu bytes follow: the file looks "
            "cut off, as by a download that broke",
            (unsigned long long)size, bytes - 8);
    }
    if (size > bytes - 8 || size > RRI_SAFETENSORS_MAX_HEADER) {
        RRI_FAIL(
            err, RR_E_FORMAT,
            "safetensors: this is no safetensors file, or its first bytes are damaged: a header of "
            "%llu bytes is announced; %zu bytes follow, and at most %zu are allowed",
            (unsigned long long)size, bytes - 8, RRI_SAFETENSORS_MAX_HEADER);
    }
    *header_size = (size_t)size;
    return RR_OK;
}

/* The index of a block whose data may be missing: then has_data is false, and no tensor has any. */
static rr_status read_index(rri_safetensors_reader *reader, const void *block, size_t bytes,
                            bool has_data, const rri_allocator *allocator, rr_error *err)
{
    size_t header_size = 0;
    RRI_TRY(rri_safetensors_header_size(&header_size, block, bytes, err));
    const unsigned char *const text = (const unsigned char *)block + 8;
    rri_safetensors_header header = {.data = has_data ? text + header_size : NULL,
                                     .data_size = bytes - 8 - header_size};

    rri_arena arena = {.base = NULL};
    rri_safetensors_header_layout(&header, &arena, header_size);
    *reader = (rri_safetensors_reader){.allocator = *allocator, .index_bytes = arena.used};
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "index of tensors", err));
    reader->index = arena.base;
    char *const store = rri_safetensors_header_layout(&header, &arena, header_size);
    rri_json_text_init(&header.json, text, header_size, store);

    rr_status status = rri_safetensors_header_read(&header, err);
    status = status == RR_OK ? check_last(&header, err) : status;
    if (status != RR_OK) {
        rri_safetensors_close(reader);
        return status;
    }
    reader->tensors = header.tensors;
    reader->n_tensors = header.n_tensors - 1;
    reader->metadata = header.pairs;
    reader->n_pairs = header.n_pairs;
    return RR_OK;
}

rr_status rri_safetensors_open_header(rri_safetensors_reader *reader, const void *head,
                                      size_t bytes, const rri_allocator *allocator, rr_error *err)
{
    return read_index(reader, head, bytes, false, allocator, err);
}

rr_status rri_safetensors_check_sum(const unsigned char last[8], uint64_t hash, rr_error *err)
{
    if (load_u64(last) != hash) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors: the checksum does not fit; the bytes are damaged");
    }
    return RR_OK;
}

rr_status rri_safetensors_open(rri_safetensors_reader *reader, const void *block, size_t bytes,
                               const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(read_index(reader, block, bytes, true, allocator, err));
    const unsigned char *const data = block;
    const rr_status status =
        rri_safetensors_check_sum(data + bytes - 8, rri_hash_bytes(block, bytes - 8, 0), err);
    if (status != RR_OK) {
        rri_safetensors_close(reader);
    }
    return status;
}

void rri_safetensors_close(rri_safetensors_reader *reader)
{
    if (reader->index != NULL) {
        rri_memory_release(&reader->allocator, reader->index, reader->index_bytes);
    }
    *reader = (rri_safetensors_reader){.index = NULL};
}

const rri_safetensors_tensor *rri_safetensors_lookup(const rri_safetensors_reader *reader,
                                                     const char *name)
{
    for (size_t i = 0; i < reader->n_tensors; i++) {
        if (strcmp(reader->tensors[i].name, name) == 0) {
            return &reader->tensors[i];
        }
    }
    return NULL;
}

const char *rri_safetensors_metadata(const rri_safetensors_reader *reader, const char *key)
{
    for (size_t i = 0; i < reader->n_pairs; i++) {
        if (strcmp(reader->metadata[i].key, key) == 0) {
            return reader->metadata[i].text;
        }
    }
    return NULL;
}

/* "F32 [2, 3]" */
static void describe_type(char text[static 128], rri_dtype dtype, const size_t *shape,
                          size_t n_dims)
{
    int used = snprintf(text, 128, "%s [", rri_dtype_name(dtype));
    for (size_t i = 0; i < n_dims; i++) {
        used += snprintf(text + used, 128 - (size_t)used, i == 0 ? "%zu" : ", %zu", shape[i]);
    }
    snprintf(text + used, 128 - (size_t)used, "]");
}

rr_status rri_safetensors_find(const unsigned char **data, const rri_safetensors_reader *reader,
                               const char *name, rri_dtype dtype, const size_t *shape,
                               size_t n_dims, rr_error *err)
{
    const rri_safetensors_tensor *const tensor = rri_safetensors_lookup(reader, name);
    if (tensor == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "safetensors: there is no tensor '%.64s'", name);
    }
    bool is_same = tensor->dtype == dtype && tensor->n_dims == n_dims;
    for (size_t i = 0; is_same && i < n_dims; i++) {
        is_same = tensor->shape[i] == shape[i];
    }
    if (!is_same) {
        char found[128], wanted[128];
        describe_type(found, tensor->dtype, tensor->shape, tensor->n_dims);
        describe_type(wanted, dtype, shape, n_dims);
        RRI_FAIL(err, RR_E_MISMATCH, "safetensors: tensor '%.64s' is %s; it must be %s", name,
                 found, wanted);
    }
    *data = tensor->data;
    return RR_OK;
}

rr_status rri_safetensors_copy(void *out, const rri_safetensors_reader *reader, const char *name,
                               rri_dtype dtype, const size_t *shape, size_t n_dims, rr_error *err)
{
    const unsigned char *data = NULL;
    RRI_TRY(rri_safetensors_find(&data, reader, name, dtype, shape, n_dims, err));
    const size_t bytes = rri_safetensors_size(dtype, shape, n_dims);
    if (bytes > 0) {
        memcpy(out, data, bytes);
    }
    return RR_OK;
}
