/* SPDX-License-Identifier: MIT */
/* safetensors.c: types, and the writer that measures and writes with the same code. */
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

#include "io/json_text.h"

/* Tensors are copied as they lie in memory, and the format is little endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "checkpoints need a little-endian host");

static const struct {
    const char *name;
    size_t size;
} dtypes[RRI_DTYPE_COUNT] = {
    [RRI_DTYPE_F32] = {"F32", 4}, [RRI_DTYPE_F64] = {"F64", 8}, [RRI_DTYPE_I32] = {"I32", 4},
    [RRI_DTYPE_I64] = {"I64", 8}, [RRI_DTYPE_U64] = {"U64", 8}, [RRI_DTYPE_U8] = {"U8", 1},
};

const char *rri_dtype_name(rri_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t rri_dtype_size(rri_dtype dtype)
{
    return dtypes[dtype].size;
}

size_t rri_safetensors_size(rri_dtype dtype, const size_t *shape, size_t n_dims)
{
    size_t bytes = dtypes[dtype].size;
    for (size_t i = 0; i < n_dims; i++) {
        if (shape[i] != 0 && bytes > SIZE_MAX / shape[i]) {
            return SIZE_MAX;
        }
        bytes *= shape[i];
    }
    return bytes;
}

/* On to the sink, unless it has failed before. */
static void emit(rri_safetensors_writer *writer, const void *bytes, size_t n)
{
    if (writer->status == RR_OK && n > 0) {
        rri_hash_update(&writer->checksum, bytes, n);
        writer->status = writer->sink(writer->sink_context, bytes, n, writer->err);
    }
}

static void put(rri_safetensors_writer *writer, const char *text, size_t length)
{
    if (writer->run == RRI_SAFETENSORS_HEADER &&
        writer->header_used + length <= writer->header_size) {
        emit(writer, text, length);
    }
    writer->header_used += length;
}

static void put_text(rri_safetensors_writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

static void put_number(rri_safetensors_writer *writer, size_t number)
{
    char text[24];
    put(writer, text, (size_t)snprintf(text, sizeof text, "%zu", number));
}

/* A JSON string; bytes from 0x20 on go as they are, but for the quote and the backslash. */
static void put_string(rri_safetensors_writer *writer, const char *text)
{
    put_text(writer, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        char escaped[8];
        if (*c == '"' || *c == '\\') {
            put(writer, (const char[]){'\\', *c}, 2);
        } else if ((unsigned char)*c < 0x20) {
            put(writer, escaped,
                (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*c));
        } else {
            put(writer, c, 1);
        }
    }
    put_text(writer, "\"");
}

static rr_status check_utf8(const char *what, const char *text, size_t max_bytes, rr_error *err)
{
    const size_t length = strlen(text);
    if (length > max_bytes) {
        RRI_FAIL(err, RR_E_INVALID, "safetensors: a %s has %zu bytes; it must have at most %zu",
                 what, length, max_bytes);
    }
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *const end = at + length;
    while (at < end) {
        const size_t step = rri_json_text_sequence(at, end);
        if (step == 0) {
            RRI_FAIL(err, RR_E_INVALID, "safetensors: a %s is not UTF-8", what);
        }
        at += step;
    }
    return RR_OK;
}

static void close_metadata(rri_safetensors_writer *writer)
{
    if (writer->is_in_metadata) {
        put_text(writer, "}");
        writer->is_in_metadata = false;
    }
}

rr_status rri_safetensors_add_metadata(rri_safetensors_writer *writer, const char *key,
                                       const char *text, rr_error *err)
{
    RRI_TRY(check_utf8("metadata key", key, RRI_SAFETENSORS_MAX_NAME, err));
    RRI_TRY(check_utf8("metadata text", text, RRI_SAFETENSORS_MAX_HEADER, err));
    if (writer->n_tensors > 0) {
        RRI_FAIL(err, RR_E_STATE, "safetensors: metadata '%s' comes after a tensor", key);
    }
    if (writer->n_pairs == RRI_SAFETENSORS_MAX_ENTRIES) {
        RRI_FAIL(err, RR_E_INVALID, "safetensors: metadata '%s' is one too many; at most %zu fit",
                 key, RRI_SAFETENSORS_MAX_ENTRIES);
    }
    put_text(writer, writer->n_pairs == 0 ? "{\"" RRI_SAFETENSORS_METADATA "\":{" : ",");
    put_string(writer, key);
    put_text(writer, ":");
    put_string(writer, text);
    writer->is_in_metadata = true;
    writer->n_pairs++;
    return RR_OK;
}

/* The header's line of a tensor whose bytes come next. */
static void put_tensor(rri_safetensors_writer *writer, const char *name, rri_dtype dtype,
                       const size_t *shape, size_t n_dims, size_t bytes)
{
    close_metadata(writer);
    put_text(writer, writer->n_pairs + writer->n_tensors == 0 ? "{" : ",");
    put_string(writer, name);
    put_text(writer, ":{\"dtype\":\"");
    put_text(writer, dtypes[dtype].name);
    put_text(writer, "\",\"shape\":[");
    for (size_t i = 0; i < n_dims; i++) {
        put_text(writer, i == 0 ? "" : ",");
        put_number(writer, shape[i]);
    }
    put_text(writer, "],\"data_offsets\":[");
    put_number(writer, writer->data_used);
    put_text(writer, ",");
    put_number(writer, writer->data_used + bytes);
    put_text(writer, "]}");
    writer->n_tensors++;
}

rr_status rri_safetensors_add(rri_safetensors_writer *writer, const char *name, rri_dtype dtype,
                              const size_t *shape, size_t n_dims, const void *data, rr_error *err)
{
    RRI_TRY(check_utf8("tensor name", name, RRI_SAFETENSORS_MAX_NAME, err));
    const size_t bytes = n_dims <= RRI_SAFETENSORS_MAX_DIMS && (unsigned)dtype < RRI_DTYPE_COUNT
                             ? rri_safetensors_size(dtype, shape, n_dims)
                             : SIZE_MAX;
    if (bytes > SIZE_MAX / 2 - writer->data_used) {
        RRI_FAIL(err, RR_E_INVALID,
                 "safetensors: tensor '%s' has a type or a shape that does not fit", name);
    }
    const bool is_reserved =
        strcmp(name, RRI_SAFETENSORS_CHECKSUM) == 0 || strcmp(name, RRI_SAFETENSORS_METADATA) == 0;
    if (is_reserved || (data == NULL && bytes > 0)) {
        RRI_FAIL(err, RR_E_INVALID, "safetensors: tensor '%s' has %s", name,
                 is_reserved ? "a reserved name" : "no data");
    }
    if (writer->n_tensors == RRI_SAFETENSORS_MAX_ENTRIES - 1) {
        RRI_FAIL(err, RR_E_INVALID, "safetensors: tensor '%s' is one too many; at most %zu fit",
                 name, RRI_SAFETENSORS_MAX_ENTRIES - 1);
    }
    if (writer->run != RRI_SAFETENSORS_MEASURES && bytes > writer->data_size - writer->data_used) {
        RRI_FAIL(err, RR_E_STATE, "safetensors: tensor '%s' was not there when measured", name);
    }
    put_tensor(writer, name, dtype, shape, n_dims, bytes);
    if (writer->run == RRI_SAFETENSORS_DATA) {
        emit(writer, data, bytes);
    }
    writer->data_used += bytes;
    return writer->status;
}

/* Everything but the checksum's bytes, which need all others. */
static rr_status run(rri_safetensors_writer *writer, rri_safetensors_describe *describe,
                     const void *context, rr_error *err)
{
    writer->err = err;
    RRI_TRY(describe(writer, context, err));
    put_tensor(writer, RRI_SAFETENSORS_CHECKSUM, RRI_DTYPE_U8, (const size_t[]){8}, 1, 8);
    put_text(writer, "}");
    while ((8 + writer->header_used) % RRI_SAFETENSORS_DATA_ALIGNED != 0) {
        put_text(writer, " ");
    }
    if (writer->header_used > RRI_SAFETENSORS_MAX_HEADER) {
        RRI_FAIL(err, RR_E_INVALID,
                 "safetensors: the header has %zu bytes; it must have at most %zu",
                 writer->header_used, RRI_SAFETENSORS_MAX_HEADER);
    }
    return writer->status;
}

/* A later run, of a writer of its own; the checksum goes on. */
static rr_status run_again(rri_safetensors_writer *writer, rri_safetensors_run what,
                           rri_safetensors_describe *describe, const void *context, rr_error *err)
{
    writer->run = what;
    writer->header_used = writer->data_used = writer->n_tensors = writer->n_pairs = 0;
    writer->is_in_metadata = false;
    RRI_TRY(run(writer, describe, context, err));
    if (writer->header_used != writer->header_size || writer->data_used != writer->data_size) {
        RRI_FAIL(err, RR_E_STATE, "safetensors: what was written is not what was measured");
    }
    return RR_OK;
}

static void store_u64(unsigned char out[8], uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        out[i] = (unsigned char)(value >> (8 * i));
    }
}

static rr_status write_measured(const rri_safetensors_writer *measured, rri_safetensors_sink *sink,
                                void *sink_context, rri_safetensors_describe *describe,
                                const void *context, rr_error *err)
{
    rri_safetensors_writer writer = {.sink = sink,
                                     .sink_context = sink_context,
                                     .err = err,
                                     .header_size = measured->header_used,
                                     .data_size = measured->data_used};
    unsigned char number[8];
    rri_hash_init(&writer.checksum, 0);
    store_u64(number, writer.header_size);
    emit(&writer, number, sizeof number);
    RRI_TRY(run_again(&writer, RRI_SAFETENSORS_HEADER, describe, context, err));
    RRI_TRY(run_again(&writer, RRI_SAFETENSORS_DATA, describe, context, err));
    store_u64(number, rri_hash_final(&writer.checksum));
    emit(&writer, number, sizeof number);
    return writer.status;
}

rr_status rri_safetensors_stream(rri_safetensors_sink *sink, void *sink_context,
                                 rri_safetensors_describe *describe, const void *context,
                                 rr_error *err)
{
    rri_safetensors_writer measured = {0};
    RRI_TRY(run(&measured, describe, context, err));
    return write_measured(&measured, sink, sink_context, describe, context, err);
}

/* context: where in memory the next byte goes. */
static rr_status write_to_memory(void *context, const void *bytes, size_t n, rr_error *err)
{
    unsigned char **const next = context;
    (void)err;
    memcpy(*next, bytes, n);
    *next += n;
    return RR_OK;
}

rr_status rri_safetensors_write(void *out, size_t capacity, size_t *bytes,
                                rri_safetensors_describe *describe, const void *context,
                                rr_error *err)
{
    rri_safetensors_writer measured = {0};
    RRI_TRY(run(&measured, describe, context, err));
    *bytes = 8 + measured.header_used + measured.data_used + 8;
    if (out == NULL) {
        return RR_OK;
    }
    if (capacity < *bytes) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "safetensors: the block has %zu bytes; %zu are needed",
                 capacity, *bytes);
    }
    unsigned char *next = out;
    return write_measured(&measured, write_to_memory, &next, describe, context, err);
}
