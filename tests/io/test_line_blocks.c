/* SPDX-License-Identifier: MIT */
#include "io/line_blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"

static rri_allocator allocator;
static size_t n_buffers = 1;
static char path[64];

static void put(const char *text, size_t bytes)
{
    strcpy(path, "/tmp/recrl_blocks_XXXXXX");
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    const int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, text, bytes), (ssize_t)bytes);
    close(fd);
}

static rr_status open_file(rri_line_blocks *blocks, size_t capacity)
{
    const rri_line_source source = {.path = path};
    return rri_line_blocks_open(blocks, &source, capacity, n_buffers, &allocator, NULL);
}

/* Up to the last line end; all where there is none. */
static size_t whole_lines(const char *text, size_t bytes)
{
    size_t n = bytes;
    while (n > 0 && text[n - 1] != '\n') {
        n--;
    }
    return n == 0 ? bytes : n;
}

/* The blocks of a text, each in brackets. */
static const char *cut(const char *text, size_t capacity)
{
    static char out[256];
    put(text, strlen(text));
    rri_line_blocks blocks;
    ck_assert_int_eq(open_file(&blocks, capacity), RR_OK);
    out[0] = '\0';
    for (size_t bytes = 1; bytes > 0;) {
        char *block = NULL;
        ck_assert_int_eq(rri_line_blocks_next(&blocks, &block, &bytes, NULL), RR_OK);
        const size_t n = whole_lines(block, bytes);
        if (n > 0) {
            snprintf(out + strlen(out), sizeof out - strlen(out), "[%.*s]", (int)n, block);
        }
        rri_line_blocks_use(&blocks, n);
    }
    rri_line_blocks_close(&blocks);
    unlink(path);
    return out;
}

START_TEST(test_line_blocks_begin_with_what_was_left)
{
    for (n_buffers = 1; n_buffers < 5; n_buffers++) {
        ck_assert_str_eq(cut("ab\ncd\nef\n", 4), "[ab\n][cd\n][ef\n]");
        ck_assert_str_eq(cut("ab\ncd\nef\n", 7), "[ab\ncd\n][ef\n]");
        ck_assert_str_eq(cut("", 100), "");
        ck_assert_str_eq(cut("ab\n\ncd\n", 4), "[ab\n\n][cd\n]");
    }
    n_buffers = 1;
}
END_TEST

START_TEST(test_line_blocks_end_a_last_line_that_is_not_ended)
{
    ck_assert_str_eq(cut("ab\ncd\nef", 4), "[ab\n][cd\n][ef\n]");
    ck_assert_str_eq(cut("ab\ncd\nef", 100), "[ab\ncd\nef\n]");
    ck_assert_str_eq(cut("a", 2), "[a\n]");
}
END_TEST

START_TEST(test_line_blocks_put_together_are_the_file_at_any_capacity)
{
    char text[2000], together[2000];
    size_t n = 0;
    for (size_t line = 0; n + 20 < sizeof text; line++) {
        for (size_t i = 0; i < line * 7 % 13; i++) {
            text[n++] = 'x';
        }
        text[n++] = '\n';
    }
    put(text, n);
    for (size_t capacity = 30; capacity < n + 3; capacity += 7) {
        rri_line_blocks blocks;
        ck_assert_int_eq(open_file(&blocks, capacity), RR_OK);
        ck_assert_uint_eq(blocks.file_bytes, n);
        size_t used = 0, bytes = 1;
        while (bytes > 0) {
            char *block = NULL;
            ck_assert_int_eq(rri_line_blocks_next(&blocks, &block, &bytes, NULL), RR_OK);
            const size_t taken = bytes - bytes / 3; /* any part of it */
            memcpy(together + used, block, taken);
            used += taken;
            rri_line_blocks_use(&blocks, taken);
        }
        ck_assert_uint_eq(used, n);
        ck_assert_mem_eq(together, text, n);
        rri_line_blocks_close(&blocks);
    }
    unlink(path);
}
END_TEST

START_TEST(test_line_blocks_of_several_buffers_are_valid_together)
{
    put("ab\ncd\nef\ngh\n", 12);
    rri_line_blocks blocks;
    char *texts[4];
    size_t bytes = 0;
    n_buffers = 3;
    ck_assert_int_eq(open_file(&blocks, 3), RR_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_line_blocks_next(&blocks, &texts[i], &bytes, NULL), RR_OK);
        ck_assert_uint_eq(bytes, 3);
        rri_line_blocks_use(&blocks, 3);
    }
    ck_assert_mem_eq(texts[0], "ab\n", 3);
    ck_assert_mem_eq(texts[1], "cd\n", 3);
    ck_assert_mem_eq(texts[2], "ef\n", 3);
    ck_assert_int_eq(rri_line_blocks_next(&blocks, &texts[3], &bytes, NULL), RR_OK);
    ck_assert_mem_eq(texts[3], "gh\n", 3);
    ck_assert_mem_eq(texts[1], "cd\n", 3);
    rri_line_blocks_close(&blocks);
    unlink(path);
    n_buffers = 1;
}
END_TEST

/* "a\rb\r" in pieces of one byte, and then a failure. */
static int64_t read_bytes(void *user, void *out, int64_t n_bytes)
{
    static const char text[] = "a\rb\r";
    int *const at = user;
    ck_assert_int_ge(n_bytes, 1);
    if (*at == 4) {
        return -1;
    }
    memcpy(out, text + (*at)++, 1);
    return 1;
}

START_TEST(test_line_blocks_come_from_whoever_reads)
{
    int at = 0;
    char *text = NULL;
    size_t bytes = 0;
    rr_error err = {0};
    rri_line_blocks blocks;
    const rri_line_source source = {"a stream", read_bytes, &at};
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_line_blocks_open(&blocks, &source, 4, 1, &allocator, NULL), RR_OK);
    blocks.has_cr_lines = true;
    ck_assert_int_eq(rri_line_blocks_next(&blocks, &text, &bytes, NULL), RR_OK);
    ck_assert(bytes == 4 && memcmp(text, "a\nb\n", 4) == 0);
    rri_line_blocks_use(&blocks, 4);
    ck_assert_int_eq(rri_line_blocks_next(&blocks, &text, &bytes, &err), RR_E_IO);
    ck_assert_str_eq(err.text, "file: reading 'a stream' failed");
    rri_line_blocks_close(&blocks);
}
END_TEST

CHECK_MAIN("io/line_blocks", test_line_blocks_begin_with_what_was_left,
           test_line_blocks_end_a_last_line_that_is_not_ended,
           test_line_blocks_put_together_are_the_file_at_any_capacity,
           test_line_blocks_of_several_buffers_are_valid_together,
           test_line_blocks_come_from_whoever_reads)
