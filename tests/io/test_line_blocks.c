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

/* The blocks of a text, each in brackets; NULL where one is refused. */
static const char *cut(const char *text, size_t capacity)
{
    static char out[256];
    put(text, strlen(text));
    rri_line_blocks blocks;
    ck_assert_int_eq(rri_line_blocks_open(&blocks, path, capacity, n_buffers, &allocator, NULL),
                     RR_OK);
    out[0] = '\0';
    rr_status status = RR_OK;
    for (;;) {
        char *block = NULL;
        size_t bytes = 0;
        status = rri_line_blocks_next(&blocks, &block, &bytes, NULL);
        if (status != RR_OK || bytes == 0) {
            break;
        }
        snprintf(out + strlen(out), sizeof out - strlen(out), "[%.*s]", (int)bytes, block);
    }
    rri_line_blocks_close(&blocks);
    unlink(path);
    return status == RR_OK ? out : NULL;
}

START_TEST(test_line_blocks_cut_behind_the_last_whole_line)
{
    ck_assert_str_eq(cut("ab\ncd\nef\n", 4), "[ab\n][cd\n][ef\n]");
    ck_assert_str_eq(cut("ab\ncd\nef\n", 7), "[ab\ncd\n][ef\n]");
    ck_assert_str_eq(cut("ab\ncd\nef", 4), "[ab\n][cd\n][ef]");
    ck_assert_str_eq(cut("ab\ncd\nef", 100), "[ab\ncd\nef]");
    ck_assert_str_eq(cut("", 100), "");
    ck_assert_str_eq(cut("a", 2), "[a]");
}
END_TEST

START_TEST(test_line_blocks_end_in_an_empty_line_only_at_the_end)
{
    ck_assert_str_eq(cut("ab\n\ncd\n", 4), "[ab\n][\ncd\n]");
    ck_assert_str_eq(cut("ab\r\n\r\ncd\n", 6), "[ab\r\n][\r\ncd\n]");
    ck_assert_str_eq(cut("ab\n\n\n\n", 5), "[ab\n][\n\n\n]");
}
END_TEST

START_TEST(test_line_blocks_refuse_a_line_longer_than_a_block)
{
    ck_assert_ptr_null(cut("abcdef\nab\n", 4));
    ck_assert_ptr_null(cut("a\n\n\n\n\n\nb\n", 4));
    rri_line_blocks blocks;
    rr_error err = {0};
    char *block = NULL;
    size_t bytes = 0;
    put("abcdef\n", 7);
    ck_assert_int_eq(rri_line_blocks_open(&blocks, path, 4, 1, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_line_blocks_next(&blocks, &block, &bytes, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "has a line of more than 4 bytes"));
    rri_line_blocks_close(&blocks);
    unlink(path);
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
        ck_assert_int_eq(rri_line_blocks_open(&blocks, path, capacity, n_buffers, &allocator, NULL),
                         RR_OK);
        ck_assert_uint_eq(blocks.file_bytes, n);
        size_t used = 0, bytes = 1;
        while (bytes > 0) {
            char *block = NULL;
            ck_assert_int_eq(rri_line_blocks_next(&blocks, &block, &bytes, NULL), RR_OK);
            memcpy(together + used, block, bytes);
            used += bytes;
            memset(block, 0x21, bytes); /* a reader may change it */
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
    for (n_buffers = 1; n_buffers < 5; n_buffers++) {
        ck_assert_str_eq(cut("ab\ncd\nef\n", 4), "[ab\n][cd\n][ef\n]");
        ck_assert_str_eq(cut("ab\n\ncd\n", 4), "[ab\n][\ncd\n]");
    }
    n_buffers = 1;
    put("ab\ncd\nef\ngh\n", 12);
    rri_line_blocks blocks;
    char *texts[4];
    size_t bytes = 0;
    ck_assert_int_eq(rri_line_blocks_open(&blocks, path, 4, 3, &allocator, NULL), RR_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_line_blocks_next(&blocks, &texts[i], &bytes, NULL), RR_OK);
        ck_assert_uint_eq(bytes, 3);
    }
    ck_assert_mem_eq(texts[0], "ab\n", 3);
    ck_assert_mem_eq(texts[1], "cd\n", 3);
    ck_assert_mem_eq(texts[2], "ef\n", 3);
    ck_assert_int_eq(rri_line_blocks_next(&blocks, &texts[3], &bytes, NULL), RR_OK);
    ck_assert_mem_eq(texts[3], "gh\n", 3);
    ck_assert_mem_eq(texts[1], "cd\n", 3);
    rri_line_blocks_close(&blocks);
    unlink(path);
}
END_TEST

CHECK_MAIN("io/line_blocks", test_line_blocks_of_several_buffers_are_valid_together,
           test_line_blocks_cut_behind_the_last_whole_line,
           test_line_blocks_end_in_an_empty_line_only_at_the_end,
           test_line_blocks_refuse_a_line_longer_than_a_block,
           test_line_blocks_put_together_are_the_file_at_any_capacity)
