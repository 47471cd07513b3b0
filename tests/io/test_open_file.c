/* SPDX-License-Identifier: MIT */
#include "io/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_run.h"

START_TEST(test_open_file_gives_size_and_bytes_of_a_regular_file)
{
    char path[] = "/tmp/recrl_open_XXXXXX", read_back[8] = "";
    const int made = mkstemp(path);
    ck_assert_int_eq(write(made, "hello", 5), 5);
    close(made);
    int fd = -1;
    size_t bytes = 0;
    ck_assert_int_eq(rri_open_file_read(&fd, &bytes, path, NULL), RR_OK);
    ck_assert_uint_eq(bytes, 5);
    ck_assert_int_eq(read(fd, read_back, sizeof read_back), 5);
    ck_assert_str_eq(read_back, "hello");
    close(fd);
    unlink(path);
    ck_assert_int_eq(rri_open_file(path, O_RDONLY, 0), -1);
}
END_TEST

START_TEST(test_open_file_refuses_folders_pipes_and_nothing_at_once)
{
    char folder[] = "/tmp/recrl_open_XXXXXX", pipe_path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    int fd = -7;
    size_t bytes = 0;
    rr_error err = {0};
    ck_assert_int_eq(rri_open_file_read(&fd, &bytes, folder, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "is not a regular file"));
    ck_assert_int_eq(rri_open_file_read(&fd, &bytes, pipe_path, &err), RR_E_IO);
    ck_assert_int_eq(rri_open_file_read(&fd, &bytes, "no/such/file", &err), RR_E_IO);
    ck_assert_str_eq(err.text, "file: cannot open 'no/such/file': No such file or directory");
    ck_assert_int_eq(fd, -7);
    unlink(pipe_path);
    rmdir(folder);
}
END_TEST

START_TEST(test_open_file_says_the_systems_reason)
{
    rr_error err = {0};
    ck_assert_int_eq(rri_open_file_fail("read", "a", EACCES, &err), RR_E_IO);
    ck_assert_str_eq(err.text, "file: cannot read 'a': Permission denied");
}
END_TEST

START_TEST(test_open_file_takes_exactly_what_is_there)
{
    char path[] = "/tmp/recrl_open_XXXXXX", got[8] = "";
    const int fd = mkstemp(path);
    rr_error err = {0};
    struct stat about;
    ck_assert_int_eq(write(fd, "hello", 5), 5);
    ck_assert_int_eq(rri_open_file_about(fd, &about), 0);
    ck_assert_int_eq(about.st_size, 5);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(rri_open_file_take(got, 4, fd, path, NULL), RR_OK);
    ck_assert_str_eq(got, "hell");
    ck_assert_int_eq(rri_open_file_finish(fd, path, &err), RR_E_IO); /* takes the "o" */
    ck_assert_ptr_nonnull(strstr(err.text, "changed its size while it was read"));
    ck_assert_int_eq(rri_open_file_finish(fd, path, NULL), RR_OK);
    ck_assert_int_eq(rri_open_file_take(got, 1, fd, path, &err), RR_E_IO);
    ck_assert_int_eq(rri_open_file_take(got, 0, fd, path, NULL), RR_OK);
    close(fd);
    ck_assert_int_eq(rri_open_file_take(got, 1, fd, path, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "Bad file descriptor"));
    ck_assert_int_eq(rri_open_file_about(fd, &about), -1);
    unlink(path);
}
END_TEST

CHECK_MAIN("io/open_file", test_open_file_gives_size_and_bytes_of_a_regular_file,
           test_open_file_refuses_folders_pipes_and_nothing_at_once,
           test_open_file_says_the_systems_reason, test_open_file_takes_exactly_what_is_there)
