/* SPDX-License-Identifier: MIT */
/* fixture.h: a small committed file, read into a block of its size and a little more. */
#ifndef TESTS_DATA_FIXTURE_H
#define TESTS_DATA_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"

/* Behind the text lie FIXTURE_SLACK digits, which a reader may load, and must not take for text. */
#define FIXTURE_SLACK ((size_t)24)

static inline char *fixture_copy(const char *text, size_t bytes)
{
    char *const copy = malloc(bytes + FIXTURE_SLACK);
    memcpy(copy, text, bytes);
    memset(copy + bytes, '7', FIXTURE_SLACK);
    return copy;
}

static inline char *fixture_read(const char *name, size_t *bytes)
{
    char path[128];
    static char text[65536];
    snprintf(path, sizeof path, "tests/data/fixtures/%s", name);
    FILE *const file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there; tests run in the top folder", path);
    *bytes = fread(text, 1, sizeof text, file);
    fclose(file);
    ck_assert_uint_lt(*bytes, sizeof text);
    return fixture_copy(text, *bytes);
}

#endif
