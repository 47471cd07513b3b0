/* SPDX-License-Identifier: MIT */
/* Strays are cleared by whoever saves next, and nobody's file is cleared while it is written. */
#include "io/temporary_file.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "written_files.h"

START_TEST(test_temporary_file_lies_beside_its_target_and_is_locked)
{
    files_begin();
    char path[RRI_TEMPORARY_FILE_PATH], other[RRI_TEMPORARY_FILE_PATH];
    const char *const target = files_path("target");
    const int fd = rri_temporary_file_create(path, target, 0640);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(strncmp(path, target, strlen(target)), 0);
    ck_assert_uint_eq(strlen(path), strlen(target) + 1 + 16 + 4);
    ck_assert(rri_temporary_file_is_at(path, fd));
    const int again = open(path, O_WRONLY);
    ck_assert_int_lt(flock(again, LOCK_EX | LOCK_NB), 0);
    ck_assert_int_eq(errno, EWOULDBLOCK);
    close(again);
    const int second = rri_temporary_file_create(other, target, 0640);
    ck_assert_int_ge(second, 0);
    ck_assert_str_ne(path, other);
    rri_temporary_file_clear(target);
    ck_assert_uint_eq(files_count(), 2);
    close(fd);
    rri_temporary_file_clear(target);
    ck_assert_uint_eq(files_count(), 1);
    ck_assert(!rri_temporary_file_is_at(path, second));
    ck_assert(rri_temporary_file_is_at(other, second));
    close(second);
    ck_assert_int_eq(rri_temporary_file_create(path, files_path("none/a"), 0600), -1);
    ck_assert_int_eq(errno, ENOENT);
    files_end();
}
END_TEST

START_TEST(test_temporary_file_clears_strays_and_nothing_else)
{
    files_begin();
    static const char *const strays[] = {"a.0123456789abcdef.tmp", "a.ffffffffffffffff.tmp"};
    static const char *const others[] = {"a",
                                         "a.tmp",
                                         "a.0123456789abcde.tmp",
                                         "a.0123456789abcdef0.tmp",
                                         "a.0123456789abcdeF.tmp",
                                         "a.0123456789abcdeg.tmp",
                                         "aa.0123456789abcdef.tmp",
                                         "b.0123456789abcdef.tmp",
                                         "a.0123456789abcdef.tmp~",
                                         "a_0123456789abcdef.tmp",
                                         "xa.0123456789abcdef.tmp",
                                         "a.b.0123456789abcdef.tmp",
                                         "a.0123456789abcdef.temp"};
    const size_t n_others = sizeof others / sizeof others[0];
    for (size_t i = 0; i < 2; i++) {
        files_make(files_path(strays[i]), "half", 0600);
    }
    for (size_t i = 0; i < n_others; i++) {
        files_make(files_path(others[i]), "whole", 0600);
    }
    /* A link of that name is no file of ours; nor is what it leads to. */
    ck_assert_int_eq(symlink("b.0123456789abcdef.tmp", files_path("a.1111111111111111.tmp")), 0);
    ck_assert_int_eq(mkfifo(files_path("a.2222222222222222.tmp"), 0600), 0);
    rri_temporary_file_clear(files_path("a"));
    for (size_t i = 0; i < n_others; i++) {
        files_expect_text(files_path(others[i]), "whole");
    }
    ck_assert_uint_eq(files_count(), n_others + 2);
    files_end();
}
END_TEST

/* As with the same process id after every start, in a container. */
START_TEST(test_temporary_file_two_thousand_strays_do_not_hinder_a_save)
{
    files_begin();
    for (unsigned i = 0; i < 2000; i++) {
        char name[64];
        snprintf(name, sizeof name, "a.%016x.tmp", i);
        files_make(files_path(name), "half", 0600);
    }
    ck_assert_int_eq(files_write(files_path("a"), "new", 3, NULL), RR_OK);
    files_expect_text(files_path("a"), "new");
    ck_assert_uint_eq(files_count(), 1);
    files_end();
}
END_TEST

/* A child that begins to write, says so, and waits to be killed; not for long where the test fails.
 */
static pid_t begin_to_write(const char *path)
{
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        static char half[20000];
        alarm(60);
        rri_atomic_file file;
        const bool is_begun = rri_atomic_file_open(&file, path, NULL) == RR_OK &&
                              rri_atomic_file_append(&file, half, sizeof half, NULL) == RR_OK;
        if (write(ready[1], is_begun ? "y" : "n", 1) == 1) {
            pause();
        }
        _exit(0);
    }
    char answer = 'n';
    ck_assert_int_eq(read(ready[0], &answer, 1), 1);
    ck_assert_int_eq(answer, 'y');
    close(ready[0]);
    close(ready[1]);
    return child;
}

START_TEST(test_temporary_file_of_a_killed_writer_goes_that_of_a_living_one_stays)
{
    files_begin();
    const pid_t writers[2] = {begin_to_write(files_path("a")), begin_to_write(files_path("a"))};
    ck_assert_uint_eq(files_count(), 2);
    ck_assert_int_eq(files_write(files_path("a"), "1", 1, NULL), RR_OK);
    ck_assert_uint_eq(files_count(), 3);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(kill(writers[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(writers[i], NULL, 0), writers[i]);
        ck_assert_uint_eq(files_count(), 3 - i);
        ck_assert_int_eq(files_write(files_path("a"), "2", 1, NULL), RR_OK);
        ck_assert_uint_eq(files_count(), 2 - i);
    }
    files_end();
}
END_TEST

static void *save_often(void *text)
{
    for (int i = 0; i < 200; i++) {
        rr_error err = {0};
        if (files_write(text, text, strlen(text), &err) != RR_OK) {
            return strdup(err.text);
        }
    }
    return NULL;
}

/* Each of them clears, all the time, what the others make. */
START_TEST(test_temporary_file_writers_of_one_path_do_not_hinder_each_other)
{
    files_begin();
    pthread_t threads[4];
    char path[330];
    snprintf(path, sizeof path, "%s", files_path("a"));
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, save_often, path), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *sentence = NULL;
        pthread_join(threads[i], &sentence);
        ck_assert_msg(sentence == NULL, "%s", (char *)sentence);
    }
    files_expect_text(path, path);
    ck_assert_uint_eq(files_count(), 1);
    files_end();
}
END_TEST

CHECK_MAIN("io/temporary_file", test_temporary_file_lies_beside_its_target_and_is_locked,
           test_temporary_file_clears_strays_and_nothing_else,
           test_temporary_file_two_thousand_strays_do_not_hinder_a_save,
           test_temporary_file_of_a_killed_writer_goes_that_of_a_living_one_stays,
           test_temporary_file_writers_of_one_path_do_not_hinder_each_other)
