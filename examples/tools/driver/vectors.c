/* SPDX-License-Identifier: MIT */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum { PATH_BYTES = 1100, LEAST_WIDTH = 3, MOST_WIDTH = 128 };

static const char *const IN = "--vectors";
static const char *const OUT = "--save-vectors";

/* "a.npy" becomes "a.users.npy". */
static void find_users(char users[PATH_BYTES], const char *flag, const char *path)
{
    const size_t n = strlen(path);
    if (n <= 4 || strcmp(path + n - 4, ".npy") != 0 || n > 1000) {
        text_fail("%s is \"%.200s\"; it must be the name of a file that ends in .npy", flag, path);
    }
    snprintf(users, PATH_BYTES, "%.*s.users.npy", (int)(n - 4), path);
}

static void require(rr_status status, const rr_error *err, const char *flag)
{
    text_require_file(status, err, flag);
}

static void read_shape(int64_t *n_rows, int64_t *width, const char *path)
{
    rr_error err;
    require(rr_npy_shape(path, n_rows, width, &err), &err, IN);
}

int32_t vectors_width(const char *path)
{
    char users[PATH_BYTES];
    int64_t n = 0, width = 0, users_width = 0;
    find_users(users, IN, path);
    read_shape(&n, &width, path);
    read_shape(&n, &users_width, users);
    if (width < LEAST_WIDTH || width > MOST_WIDTH) {
        text_fail("%s is \"%s\" with %lld columns; it must have %d to %d", IN, path,
                  (long long)width, LEAST_WIDTH, MOST_WIDTH);
    }
    if (width != users_width) {
        text_fail("%s is \"%s\" with %lld columns, and %s has %lld; they must have as many", IN,
                  path, (long long)width, users, (long long)users_width);
    }
    return (int32_t)width;
}

/* What the interactions have many of, in one file. */
static void read_one(float *out, const char *path, const char *what, int32_t n, int32_t dim)
{
    rr_error err;
    int64_t n_rows = 0, width = 0;
    read_shape(&n_rows, &width, path);
    if (n_rows != n || width != dim) {
        text_fail("%s is \"%s\" of %lld x %lld; it must be %d x %d: one row for each of the %s, in "
                  "order of first appearance",
                  IN, path, (long long)n_rows, (long long)width, (int)n, (int)dim, what);
    }
    require(rr_npy_read(path, n, dim, out, &err), &err, IN);
}

void vectors_read(float *users, float *items, const char *path, int32_t n_users, int32_t n_items,
                  int32_t dim)
{
    char users_path[PATH_BYTES];
    find_users(users_path, IN, path);
    read_one(items, path, "items", n_items, dim);
    read_one(users, users_path, "users", n_users, dim);
}

void vectors_require_writable(const char *path)
{
    char users[PATH_BYTES];
    find_users(users, OUT, path);
    text_require_writable(path);
    text_require_writable(users);
}

void vectors_write(const char *path, const float *users, const float *items, int32_t n_users,
                   int32_t n_items, int32_t dim)
{
    char users_path[PATH_BYTES];
    rr_error err;
    find_users(users_path, OUT, path);
    require(rr_npy_write(path, items, n_items, dim, &err), &err, OUT);
    require(rr_npy_write(users_path, users, n_users, dim, &err), &err, OUT);
}
