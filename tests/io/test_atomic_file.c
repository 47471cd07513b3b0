/* SPDX-License-Identifier: MIT */
/* Files are written where their path leads, as what is there allows, and nothing is left behind.
 * What happens when the system fails: test_failing_calls.c. */
#define _DEFAULT_SOURCE /* mknod */
#include "io/atomic_file.h"

#include <errno.h>
#include <signal.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "written_files.h"

static void expect_written(const char *path, const char *text)
{
    rr_error err = {0};
    ck_assert_msg(files_write(path, text, strlen(text), &err) == RR_OK, "%s", err.text);
}

static void expect_refused(const char *path, const char *sentence)
{
    rr_error err = {0};
    ck_assert_int_eq(files_write(path, "new", 3, &err), RR_E_IO);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", err.text,
                  sentence);
}

START_TEST(test_atomic_file_holds_what_was_written)
{
    files_begin();
    const char *const path = files_path("a");
    static unsigned char large[3 << 20];
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (unsigned char)(i * 7 + i / 251);
    }
    const size_t sizes[] = {sizeof large, 3, 0, 1, 8192, 8193, 24576, 24577, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert_int_eq(files_write(path, large, sizes[i], NULL), RR_OK);
        files_expect(path, large, sizes[i]);
        ck_assert_uint_eq(files_count(), 1);
    }
    files_end();
}
END_TEST

START_TEST(test_atomic_file_without_a_folder_in_its_path_is_written_here)
{
    files_begin();
    char before[1024];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(files_folder), 0);
    expect_written("here", "x");
    expect_written("here", "y");
    files_expect_text(files_path("here"), "y");
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_uint_eq(files_count(), 1);
    files_end();
}
END_TEST

START_TEST(test_atomic_file_that_cannot_be_written_says_why_and_leaves_nothing)
{
    files_begin();
    expect_refused(files_path("none/a"), "/none/a': No such file or directory");
    const char *const taken = files_path("taken");
    ck_assert_int_eq(mkdir(taken, 0700), 0);
    expect_refused(taken, "Is a directory");
    expect_refused(files_path("taken/"), "Is a directory");
    expect_refused(files_path("new/"), "Is a directory");
    ck_assert_uint_eq(files_count(), 1);

    static char path[5000];
    memset(path, 'p', sizeof path - 1);
    expect_refused(path, "4999 bytes");
    expect_refused("", "0 bytes");
    files_end();
}
END_TEST

START_TEST(test_atomic_file_with_the_longest_of_names_is_written)
{
    files_begin();
    char name[256], other[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    memcpy(other, name, 256);
    other[254] = 'm';
    for (int i = 0; i < 2; i++) {
        const char *const path = files_path(i == 0 ? name : other);
        expect_written(path, "y");
        expect_written(path, "z");
        files_expect_text(path, "z");
        ck_assert_uint_eq(files_count(), (size_t)i + 1);
    }
    files_end();
}
END_TEST

/* ── symlinks ── */

static void expect_link(const char *path, const char *to)
{
    char link[400] = "";
    ck_assert_int_eq(readlink(path, link, sizeof link - 1), (ssize_t)strlen(to));
    ck_assert_str_eq(link, to);
}

START_TEST(test_atomic_file_goes_through_symlinks_which_stay)
{
    files_begin();
    char deep[330], target[330];
    snprintf(deep, sizeof deep, "%s", files_path("deep"));
    snprintf(target, sizeof target, "%s", files_path("deep/target"));
    ck_assert_int_eq(mkdir(deep, 0700), 0);
    files_make(target, "old", 0600);
    ck_assert_int_eq(symlink("deep/target", files_path("relative")), 0);
    ck_assert_int_eq(symlink(target, files_path("absolute")), 0);
    ck_assert_int_eq(symlink("relative", files_path("chain")), 0);
    ck_assert_int_eq(symlink("../deep/target", files_path("deep/upwards")), 0);
    const char *const links[] = {"relative", "absolute", "chain", "deep/upwards"};
    for (size_t i = 0; i < 4; i++) {
        expect_written(files_path(links[i]), links[i]);
        files_expect_text(target, links[i]);
    }
    expect_link(files_path("relative"), "deep/target");
    expect_link(files_path("absolute"), target);
    expect_link(files_path("chain"), "relative");
    ck_assert_uint_eq(files_count(), 4);
    unlink(files_path("deep/upwards"));
    unlink(target);
    files_end();
}
END_TEST

START_TEST(test_atomic_file_makes_what_a_dangling_symlink_leads_to)
{
    files_begin();
    ck_assert_int_eq(symlink("later", files_path("link")), 0);
    ck_assert_int_eq(symlink("link", files_path("chain")), 0);
    expect_written(files_path("chain"), "x");
    expect_link(files_path("link"), "later");
    expect_link(files_path("chain"), "link");
    files_expect_text(files_path("later"), "x");

    ck_assert_int_eq(symlink("none/at/all", files_path("nowhere")), 0);
    expect_refused(files_path("nowhere"), "No such file or directory");
    ck_assert_int_eq(symlink("self", files_path("self")), 0);
    expect_refused(files_path("self"), "Too many levels of symbolic links");
    ck_assert_uint_eq(files_count(), 5);
    files_end();
}
END_TEST

/* Such a link says "/tmp/…/a (deleted)". */
START_TEST(test_atomic_file_is_not_written_where_a_link_only_seems_to_lead)
{
    files_begin();
    files_make(files_path("a"), "old", 0600);
    const int fd = open(files_path("a"), O_RDONLY);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (access(link, F_OK) == 0) {
        expect_written(link, "through");
        files_expect_text(files_path("a"), "through");
        unlink(files_path("a"));
        expect_refused(link, link);
        ck_assert_uint_eq(files_count(), 0);
    }
    close(fd);
    files_end();
}
END_TEST

/* ── permissions ── */

static struct stat about(const char *path)
{
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    return s;
}

START_TEST(test_atomic_file_keeps_the_mode_of_what_it_replaces)
{
    files_begin();
    const mode_t before = umask(077);
    const mode_t modes[] = {0600, 0644, 0664, 0755, 0222, 0606};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        files_make(files_path("a"), "old", modes[i]);
        expect_written(files_path("a"), "new");
        ck_assert_uint_eq(about(files_path("a")).st_mode & 07777, modes[i]);
        unlink(files_path("a"));
    }
    umask(before);
    files_end();
}
END_TEST

START_TEST(test_atomic_file_that_is_new_follows_the_umask)
{
    files_begin();
    const mode_t masks[] = {022, 077, 027, 0};
    const mode_t before = umask(0);
    for (size_t i = 0; i < 4; i++) {
        umask(masks[i]);
        expect_written(files_path("a"), "new");
        ck_assert_uint_eq(about(files_path("a")).st_mode & 07777, 0666 & ~masks[i]);
        unlink(files_path("a"));
    }
    umask(before);
    files_end();
}
END_TEST

/* As root too, for whom access(2) has no limits. */
START_TEST(test_atomic_file_that_nobody_may_write_is_refused)
{
    files_begin();
    const mode_t modes[] = {0444, 0400, 0555, 0};
    for (size_t i = 0; i < 4; i++) {
        files_make(files_path("a"), "old", modes[i]);
        expect_refused(files_path("a"), "/a': Permission denied");
        ck_assert_int_eq(chmod(files_path("a"), 0600), 0);
        files_expect_text(files_path("a"), "old");
        ck_assert_uint_eq(files_count(), 1);
    }
    files_end();
}
END_TEST

/* Runs as nobody, in a folder that everybody may write; its exit status is the answer. */
static int as_nobody(const char *path)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (setgid(65534) < 0 || setuid(65534) < 0) {
            _exit(9);
        }
        _exit(files_write(path, "new", 3, NULL) == RR_OK ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

START_TEST(test_atomic_file_of_somebody_else_is_judged_by_its_own_mode_not_the_folders)
{
    if (geteuid() != 0) {
        return;
    }
    files_begin();
    ck_assert_int_eq(chmod(files_folder, 0777), 0);
    files_make(files_path("mine"), "old", 0644);
    ck_assert_int_eq(as_nobody(files_path("mine")), 1);
    files_expect_text(files_path("mine"), "old");

    /* Owner and group go to the writer; what the group could do does not. */
    files_make(files_path("all"), "old", 0642);
    ck_assert_int_eq(as_nobody(files_path("all")), 0);
    files_expect_text(files_path("all"), "new");
    ck_assert_uint_eq(about(files_path("all")).st_mode & 07777, 0622);
    ck_assert_uint_eq(about(files_path("all")).st_uid, 65534);

    /* Root gives it back to whom it belongs. */
    files_make(files_path("theirs"), "old", 0640);
    ck_assert_int_eq(chown(files_path("theirs"), 1234, 2345), 0);
    expect_written(files_path("theirs"), "new");
    ck_assert_uint_eq(about(files_path("theirs")).st_uid, 1234);
    ck_assert_uint_eq(about(files_path("theirs")).st_gid, 2345);
    ck_assert_uint_eq(about(files_path("theirs")).st_mode & 07777, 0640);
    files_end();
}
END_TEST

/* ── what is no regular file ── */

/* A child that reads `bytes` of a pipe and says with its exit status whether they were all 'x'. */
static pid_t reader_of(const char *path, size_t bytes)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child != 0) {
        return child;
    }
    alarm(60); /* where nobody writes */
    const int fd = open(path, O_RDONLY);
    for (size_t used = 0; used < bytes;) {
        char got[4096];
        const size_t wanted = bytes - used < sizeof got ? bytes - used : sizeof got;
        const ssize_t n = read(fd, got, wanted);
        for (ssize_t i = 0; i < n; i++) {
            if (got[i] != 'x') {
                _exit(2);
            }
        }
        if (n <= 0) {
            _exit(1);
        }
        used += (size_t)n;
    }
    _exit(0);
}

static int wait_for(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(test_atomic_file_that_is_a_pipe_is_written_to)
{
    files_begin();
    static char text[300000];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(mkfifo(files_path("pipe"), 0600), 0);
    ck_assert_int_eq(symlink("pipe", files_path("link")), 0);
    const char *const names[] = {"pipe", "link"};
    for (size_t i = 0; i < 2; i++) {
        const pid_t child = reader_of(files_path(names[i]), sizeof text);
        rr_error err = {0};
        ck_assert_msg(files_write(files_path(names[i]), text, sizeof text, &err) == RR_OK, "%s",
                      err.text);
        ck_assert_int_eq(wait_for(child), 0);
        ck_assert(S_ISFIFO(about(files_path("pipe")).st_mode));
    }
    expect_link(files_path("link"), "pipe");
    ck_assert_uint_eq(files_count(), 2);
    files_end();
}
END_TEST

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
    (void)number;
    n_signals++;
}

START_TEST(test_atomic_file_whose_reader_goes_away_is_an_error_and_no_signal)
{
    files_begin();
    static char text[300000];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(mkfifo(files_path("pipe"), 0600), 0);
    struct sigaction counted = {.sa_handler = count_signal}, before;
    sigaction(SIGPIPE, &counted, &before);
    n_signals = 0;
    const pid_t child = reader_of(files_path("pipe"), 10);
    rr_error err = {0};
    ck_assert_int_eq(files_write(files_path("pipe"), text, sizeof text, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "Broken pipe"));
    ck_assert_int_eq(wait_for(child), 0);
    ck_assert_int_eq(n_signals, 0);
    ck_assert(S_ISFIFO(about(files_path("pipe")).st_mode));
    raise(SIGPIPE); /* the mask is as it was */
    ck_assert_int_eq(n_signals, 1);
    sigaction(SIGPIPE, &before, NULL);
    files_end();
}
END_TEST

/* Devices of our own, so that a mistake does no harm to the machine's. */
START_TEST(test_atomic_file_that_is_a_device_is_written_to_and_stays_one)
{
    files_begin();
    if (mknod(files_path("null"), S_IFCHR | 0666, makedev(1, 3)) == 0 &&
        mknod(files_path("full"), S_IFCHR | 0666, makedev(1, 7)) == 0) {
        const int probe = open(files_path("null"), O_WRONLY);
        if (probe >= 0) { /* not where the file system allows no devices */
            close(probe);
            expect_written(files_path("null"), "into nothing");
            ck_assert(S_ISCHR(about(files_path("null")).st_mode));
            expect_refused(files_path("full"), "No space left on device");
            ck_assert(S_ISCHR(about(files_path("full")).st_mode));
            ck_assert_uint_eq(files_count(), 2);
        }
    }
    files_end();
}
END_TEST

CHECK_MAIN("io/atomic_file", test_atomic_file_holds_what_was_written,
           test_atomic_file_without_a_folder_in_its_path_is_written_here,
           test_atomic_file_that_cannot_be_written_says_why_and_leaves_nothing,
           test_atomic_file_with_the_longest_of_names_is_written,
           test_atomic_file_goes_through_symlinks_which_stay,
           test_atomic_file_makes_what_a_dangling_symlink_leads_to,
           test_atomic_file_is_not_written_where_a_link_only_seems_to_lead,
           test_atomic_file_keeps_the_mode_of_what_it_replaces,
           test_atomic_file_that_is_new_follows_the_umask,
           test_atomic_file_that_nobody_may_write_is_refused,
           test_atomic_file_of_somebody_else_is_judged_by_its_own_mode_not_the_folders,
           test_atomic_file_that_is_a_pipe_is_written_to,
           test_atomic_file_whose_reader_goes_away_is_an_error_and_no_signal,
           test_atomic_file_that_is_a_device_is_written_to_and_stays_one)
