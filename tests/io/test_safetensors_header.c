/* SPDX-License-Identifier: MIT */
/* The header's reader: each way in which JSON or the place of a tensor can be wrong has a sentence.
 */
#include "io/safetensors_header.h"

#include <string.h>

#include "check_run.h"

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

/* Reads a header over 16 bytes of data; its tables live until the next call. */
static rr_status read_header(rri_safetensors_header *header, const char *json, rr_error *err)
{
    static unsigned char data[16];
    static void *block;
    static size_t block_bytes;
    *header = (rri_safetensors_header){.data = data, .data_size = sizeof data};
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    if (block != NULL) {
        rri_memory_release(&allocator, block, block_bytes);
    }
    rri_arena arena = {.base = NULL};
    rri_safetensors_header_layout(header, &arena, strlen(json));
    block_bytes = arena.used;
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, block_bytes, "tables", NULL), RR_OK);
    arena = (rri_arena){.base = block};
    char *const store = rri_safetensors_header_layout(header, &arena, strlen(json));
    rri_json_text_init(&header->json, json, strlen(json), store);
    return rri_safetensors_header_read(header, err);
}

START_TEST(test_safetensors_header_of_another_writer_is_read)
{
    rri_safetensors_header header;
    ck_assert_int_eq(
        read_header(&header,
                    " { \"a\" : { \"shape\" : [ 1 , 2 ] , \"data_offsets\" : [0, 8],"
                    " \"dtype\" : \"F32\" } ,\n"
                    "\"__metadata__\": { } ,"
                    "\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[8,16]}}   ",
                    NULL),
        RR_OK);
    ck_assert_uint_eq(header.n_tensors, 2);
    ck_assert_uint_eq(header.tensors[0].n_dims, 2);
    ck_assert_uint_eq(header.tensors[0].shape[1], 2);
    ck_assert_int_eq(header.tensors[1].dtype, RRI_DTYPE_I64);
    ck_assert_ptr_eq(header.tensors[1].data, header.data + 8);
}
END_TEST

START_TEST(test_safetensors_header_says_what_is_wrong)
{
    static const struct {
        const char *json, *sentence;
    } cases[] = {
        {"", "byte 0 must be '{'"},
        {"[]", "byte 0 must be '{'"},
        {"{}", "16 bytes of data belong to no tensor"},
        {"{" A "}", "8 bytes of data belong to no tensor"},
        {"{" A "," A "}", "tensor 'a' is there twice"},
        {"{" A ",}", "must be '\"'"},
        {"{" A "} x", "follows the closing brace"},
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]}}",
         "dtype of 'a' is 'F16'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}}",
         "'a' has 16 bytes of data; its shape needs 12"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,20]}}",
         "behind the 16 bytes that there are"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}", "must begin at 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "must begin at 0"},
        {"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]}}",
         "must begin at 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,9223372036854775807,4],\"data_offsets\":[0,8]}}",
         "its shape needs 18446744073709551615"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,16],\"data_offsets\":[0,16]}}",
         "more than 4 numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[0,16,16]}}",
         "more than 2 numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[0]}}", "must be two numbers"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[16],\"shape\":[16]}}", "a field 'shape'"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[16]}}", "must be ','"},
        {"{\"a\":{\"dtype\":\"U8\",\"strides\":[16]}}", "a field 'strides'"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,16]}}", "whole number"},
        {"{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}," A "}", "metadata 'k' is there twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}," A "}", "__metadata__ is there twice"},
        {"{\"__metadata__\":{\"k\":1}," A "}", "must be '\"'"},
        {"{\"__metadata__\":[]," A "}", "must be '{'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_safetensors_header header;
        rr_error err = {0};
        ck_assert_int_eq(read_header(&header, cases[i].json, &err), RR_E_FORMAT);
        ck_assert_msg(strstr(err.text, cases[i].sentence) != NULL, "%s: %s", cases[i].json,
                      err.text);
    }
}
END_TEST

START_TEST(test_safetensors_header_tables_are_proportional_to_its_length)
{
    rri_safetensors_header header;
    const size_t lengths[] = {0, 1, 100, 10000, 1000000};
    for (size_t i = 0; i < 5; i++) {
        rri_arena arena = {.base = NULL};
        rri_safetensors_header_layout(&header, &arena, lengths[i]);
        ck_assert_uint_le(arena.used, 8 * lengths[i] + 1024);
        ck_assert_uint_le(header.max_tensors, 512);
    }
}
END_TEST

CHECK_MAIN("io/safetensors_header", test_safetensors_header_of_another_writer_is_read,
           test_safetensors_header_says_what_is_wrong,
           test_safetensors_header_tables_are_proportional_to_its_length)
