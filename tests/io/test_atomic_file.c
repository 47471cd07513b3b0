/* SPDX-License-Identifier: MIT */
/* Whole files: what was written is read, the old file survives a failure, nothing is left behind.
 */
#include "io/atomic_file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_run.h"

static char folder[64];
static rri_allocator allocator;

static void setup(void)
{
    strcpy(folder, "/tmp/recrl_atomic_file_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
}

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

static size_t count_entries(void)
{
    size_t n = 0;
    DIR *const dir = opendir(folder);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        n += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(dir);
    return n;
}

static void check_contents(const char *path, const void *data, size_t bytes)
{
    void *read = NULL;
    size_t length = 99;
    ck_assert_int_eq(rri_atomic_file_read(&read, &length, path, &allocator, NULL), RR_OK);
    ck_assert_uint_eq(length, bytes);
    ck_assert_ptr_nonnull(read);
    ck_assert(bytes == 0 || memcmp(read, data, bytes) == 0);
    rri_memory_release(&allocator, read, length);
}

START_TEST(test_atomic_file_reads_what_was_written)
{
    setup();
    const char *const path = in_folder("a");
    static unsigned char large[3 << 20];
    memset(large, 7, sizeof large);
    large[sizeof large - 1] = 8;
    ck_assert_int_eq(rri_atomic_file_write(path, large, sizeof large, NULL), RR_OK);
    check_contents(path, large, sizeof large);
    ck_assert_int_eq(rri_atomic_file_write(path, "new", 3, NULL), RR_OK);
    check_contents(path, "new", 3);
    ck_assert_int_eq(rri_atomic_file_write(path, NULL, 0, NULL), RR_OK);
    check_contents(path, "", 0);
    ck_assert_uint_eq(count_entries(), 1);
    unlink(path);
    rmdir(folder);
}
END_TEST

START_TEST(test_atomic_file_without_a_folder_in_its_path_is_written_here)
{
    setup();
    char before[1024];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(rri_atomic_file_write("here", "x", 1, NULL), RR_OK);
    check_contents(in_folder("here"), "x", 1);
    unlink("here");
    ck_assert_int_eq(chdir(before), 0);
    rmdir(folder);
}
END_TEST

START_TEST(test_atomic_file_that_cannot_be_written_says_why_and_leaves_nothing)
{
    setup();
    rr_error err = {0};
    ck_assert_int_eq(rri_atomic_file_write(in_folder("none/a"), "x", 1, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/none/a': No such file or directory"));

    const char *const taken = in_folder("taken");
    ck_assert_int_eq(mkdir(taken, 0700), 0);
    ck_assert_int_eq(rri_atomic_file_write(taken, "x", 1, &err), RR_E_IO);
    ck_assert_uint_eq(count_entries(), 1);

    static char path[5000];
    memset(path, 'p', sizeof path - 1);
    ck_assert_int_eq(rri_atomic_file_write(path, "x", 1, NULL), RR_E_IO);
    ck_assert_int_eq(rri_atomic_file_write("", "x", 1, NULL), RR_E_IO);
    rmdir(taken);
    rmdir(folder);
}
END_TEST

START_TEST(test_atomic_file_reads_only_regular_files)
{
    setup();
    void *data = NULL;
    size_t bytes = 0;
    rr_error err = {0};
    ck_assert_int_eq(rri_atomic_file_read(&data, &bytes, folder, &allocator, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "is not a regular file"));
    const char *const pipe = in_folder("pipe");
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(rri_atomic_file_read(&data, &bytes, pipe, &allocator, &err), RR_E_IO);
    ck_assert_int_eq(rri_atomic_file_read(&data, &bytes, "/dev/zero", &allocator, &err), RR_E_IO);
    ck_assert_int_eq(rri_atomic_file_read(&data, &bytes, in_folder("none"), &allocator, &err),
                     RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "/none': No such file or directory"));
    ck_assert_ptr_null(data);
    unlink(pipe);
    rmdir(folder);
}
END_TEST

static void *refuse(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    (void)bytes;
    (void)alignment;
    return NULL;
}

static void never_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)block;
    (void)bytes;
    ck_abort_msg("released what was not given");
}

START_TEST(test_atomic_file_without_memory_says_so)
{
    setup();
    const char *const path = in_folder("a");
    ck_assert_int_eq(rri_atomic_file_write(path, "x", 1, NULL), RR_OK);
    const rri_allocator none = {.allocate = refuse, .release = never_release};
    void *data = NULL;
    size_t bytes = 0;
    ck_assert_int_eq(rri_atomic_file_read(&data, &bytes, path, &none, NULL), RR_E_MEMORY);
    unlink(path);
    rmdir(folder);
}
END_TEST

CHECK_MAIN("io/atomic_file", test_atomic_file_reads_what_was_written,
           test_atomic_file_without_a_folder_in_its_path_is_written_here,
           test_atomic_file_that_cannot_be_written_says_why_and_leaves_nothing,
           test_atomic_file_reads_only_regular_files, test_atomic_file_without_memory_says_so)
