/* SPDX-License-Identifier: MIT */
/* safetensors_header.c: reads the JSON of exactly the shape that safetensors.h shows. */
#include "io/safetensors_header.h"

#include "core/memory.h"

#include <string.h>

/* Fewer bytes of JSON cannot make an entry; so the header's length bounds how many there are. */
#define SHORTEST_TENSOR                                                                            \
    ((size_t)sizeof "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}" - 1)
#define SHORTEST_PAIR ((size_t)sizeof "\"\":\"\"" - 1)

char *rri_safetensors_header_layout(rri_safetensors_header *header, rri_arena *arena,
                                    size_t header_size)
{
    header->max_tensors =
        rri_size_smaller(RRI_SAFETENSORS_MAX_ENTRIES, header_size / SHORTEST_TENSOR);
    header->max_pairs = rri_size_smaller(RRI_SAFETENSORS_MAX_ENTRIES, header_size / SHORTEST_PAIR);
    header->tensors = RRI_TAKE(arena, rri_safetensors_tensor, header->max_tensors);
    header->pairs = RRI_TAKE(arena, rri_safetensors_pair, header->max_pairs);
    return RRI_TAKE(arena, char, header_size + 1);
}

static rr_status read_pair(rri_safetensors_header *header, rr_error *err)
{
    rri_safetensors_pair pair;
    RRI_TRY(rri_json_text_string(&header->json, &pair.key, err));
    RRI_TRY(rri_json_text_expect(&header->json, ':', err));
    RRI_TRY(rri_json_text_string(&header->json, &pair.text, err));
    for (size_t i = 0; i < header->n_pairs; i++) {
        if (strcmp(header->pairs[i].key, pair.key) == 0) {
            RRI_FAIL(err, RR_E_FORMAT, "safetensors header: metadata '%.64s' is there twice",
                     pair.key);
        }
    }
    if (header->n_pairs == header->max_pairs) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: more than %zu pairs of metadata",
                 header->max_pairs);
    }
    header->pairs[header->n_pairs++] = pair;
    return RR_OK;
}

static rr_status read_metadata(rri_safetensors_header *header, rr_error *err)
{
    if (header->has_metadata) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "safetensors header: " RRI_SAFETENSORS_METADATA " is there twice");
    }
    header->has_metadata = true;
    RRI_TRY(rri_json_text_expect(&header->json, '{', err));
    if (rri_json_text_accept(&header->json, '}')) {
        return RR_OK;
    }
    do {
        RRI_TRY(read_pair(header, err));
    } while (rri_json_text_accept(&header->json, ','));
    return rri_json_text_expect(&header->json, '}', err);
}

static rr_status read_dtype(rri_safetensors_header *header, rri_safetensors_tensor *tensor,
                            rr_error *err)
{
    const char *name;
    RRI_TRY(rri_json_text_string(&header->json, &name, err));
    for (int dtype = 0; dtype < RRI_DTYPE_COUNT; dtype++) {
        if (strcmp(rri_dtype_name((rri_dtype)dtype), name) == 0) {
            tensor->dtype = (rri_dtype)dtype;
            return RR_OK;
        }
    }
    RRI_FAIL(
        err, RR_E_FORMAT,
        "safetensors header: dtype of '%.64s' is '%.16s'; it must be F32, F64, I32, I64, U64 or U8",
        tensor->name, name);
}

/* A list of at most `max` whole numbers. */
static rr_status read_counts(rri_safetensors_header *header, size_t *counts, size_t *n, size_t max,
                             const char *name, rr_error *err)
{
    *n = 0;
    RRI_TRY(rri_json_text_expect(&header->json, '[', err));
    if (rri_json_text_accept(&header->json, ']')) {
        return RR_OK;
    }
    do {
        uint64_t count;
        RRI_TRY(rri_json_text_count(&header->json, &count, err));
        if (*n == max || count > SIZE_MAX) {
            RRI_FAIL(
                err, RR_E_FORMAT,
                "safetensors header: '%.64s' has a list of more than %zu numbers, or one that is "
                "too large",
                name, max);
        }
        counts[(*n)++] = (size_t)count;
    } while (rri_json_text_accept(&header->json, ','));
    return rri_json_text_expect(&header->json, ']', err);
}

/* {"dtype": …, "shape": …, "data_offsets": …}, each once, in any order. */
static rr_status read_fields(rri_safetensors_header *header, rri_safetensors_tensor *tensor,
                             size_t offsets[2], rr_error *err)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets"};
    bool is_seen[3] = {false, false, false};
    size_t n_offsets = 0;
    RRI_TRY(rri_json_text_expect(&header->json, '{', err));
    for (int i = 0; i < 3; i++) {
        const char *field;
        if (i > 0) {
            RRI_TRY(rri_json_text_expect(&header->json, ',', err));
        }
        RRI_TRY(rri_json_text_string(&header->json, &field, err));
        RRI_TRY(rri_json_text_expect(&header->json, ':', err));
        int which = 0;
        while (which < 3 && strcmp(fields[which], field) != 0) {
            which++;
        }
        if (which == 3 || is_seen[which]) {
            RRI_FAIL(
                err, RR_E_FORMAT,
                "safetensors header: '%.64s' has a field '%.32s'; it must have dtype, shape and "
                "data_offsets, each once",
                tensor->name, field);
        }
        is_seen[which] = true;
        if (which == 0) {
            RRI_TRY(read_dtype(header, tensor, err));
        } else if (which == 1) {
            RRI_TRY(read_counts(header, tensor->shape, &tensor->n_dims, RRI_SAFETENSORS_MAX_DIMS,
                                tensor->name, err));
        } else {
            RRI_TRY(read_counts(header, offsets, &n_offsets, 2, tensor->name, err));
        }
    }
    if (n_offsets != 2) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "safetensors header: data_offsets of '%.64s' must be two numbers", tensor->name);
    }
    return rri_json_text_expect(&header->json, '}', err);
}

static rr_status check_place(rri_safetensors_header *header, rri_safetensors_tensor *tensor,
                             const size_t offsets[2], rr_error *err)
{
    if (offsets[0] == header->data_used && offsets[1] > header->data_size) {
        RRI_FAIL(
            err, RR_E_FORMAT,
            "safetensors: data of '%.64s' end at %zu, behind the %zu bytes that there are: the "
            "file looks cut off, as by a download that broke",
            tensor->name, offsets[1], header->data_size);
    }
    if (offsets[0] != header->data_used || offsets[1] < offsets[0] ||
        offsets[1] > header->data_size) {
        RRI_FAIL(
            err, RR_E_FORMAT,
            "safetensors: data of '%.64s' are at [%zu, %zu); they must begin at %zu, where those "
            "before end, and lie within %zu bytes",
            tensor->name, offsets[0], offsets[1], header->data_used, header->data_size);
    }
    tensor->bytes = rri_safetensors_size(tensor->dtype, tensor->shape, tensor->n_dims);
    if (tensor->bytes != offsets[1] - offsets[0]) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "safetensors: '%.64s' has %zu bytes of data; its shape needs %zu", tensor->name,
                 offsets[1] - offsets[0], tensor->bytes);
    }
    tensor->data = header->data != NULL ? header->data + header->data_used : NULL;
    header->data_used = offsets[1];
    return RR_OK;
}

static rr_status read_tensor(rri_safetensors_header *header, const char *name, rr_error *err)
{
    for (size_t i = 0; i < header->n_tensors; i++) {
        if (strcmp(header->tensors[i].name, name) == 0) {
            RRI_FAIL(err, RR_E_FORMAT, "safetensors header: tensor '%.64s' is there twice", name);
        }
    }
    if (strlen(name) > RRI_SAFETENSORS_MAX_NAME) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: the name '%.64s' has more than %zu bytes",
                 name, RRI_SAFETENSORS_MAX_NAME);
    }
    rri_safetensors_tensor tensor = {.name = name};
    size_t offsets[2] = {0, 0};
    RRI_TRY(read_fields(header, &tensor, offsets, err));
    RRI_TRY(check_place(header, &tensor, offsets, err));
    if (header->n_tensors == header->max_tensors) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors header: more than %zu tensors",
                 header->max_tensors);
    }
    header->tensors[header->n_tensors++] = tensor;
    return RR_OK;
}

rr_status rri_safetensors_header_read(rri_safetensors_header *header, rr_error *err)
{
    RRI_TRY(rri_json_text_expect(&header->json, '{', err));
    if (!rri_json_text_accept(&header->json, '}')) {
        do {
            const char *name;
            RRI_TRY(rri_json_text_string(&header->json, &name, err));
            RRI_TRY(rri_json_text_expect(&header->json, ':', err));
            const bool is_metadata = strcmp(name, RRI_SAFETENSORS_METADATA) == 0;
            RRI_TRY(is_metadata ? read_metadata(header, err) : read_tensor(header, name, err));
        } while (rri_json_text_accept(&header->json, ','));
        RRI_TRY(rri_json_text_expect(&header->json, '}', err));
    }
    RRI_TRY(rri_json_text_finish(&header->json, err));
    if (header->data_used != header->data_size) {
        RRI_FAIL(err, RR_E_FORMAT, "safetensors: %zu bytes of data belong to no tensor",
                 header->data_size - header->data_used);
    }
    return RR_OK;
}
