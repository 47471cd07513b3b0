/* SPDX-License-Identifier: MIT */
/* A save in which each system call fails in turn, is interrupted, takes less than it was given, or
 * is the last: the file is the old one or the new one, and whole.
 *
 * The files under test are compiled into this one, with their system calls led through a plan. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/npy.h"
#include "loop/machine.h"
#include "written_files.h"

typedef enum call {
    CALL_STAT,
    CALL_LSTAT,
    CALL_FSTAT,
    CALL_READLINK,
    CALL_FACCESSAT,
    CALL_OPEN,
    CALL_FLOCK,
    CALL_FCHOWN,
    CALL_FCHMOD,
    CALL_READ,
    CALL_WRITE,
    CALL_FSYNC,
    CALL_FCNTL,
    CALL_CLOSE,
    CALL_RENAME,
    CALL_OPENDIR,
    CALL_READDIR,
    N_CALLS
} call;

static const char *const call_names[N_CALLS] = {
    "stat", "lstat", "fstat", "readlink", "faccessat", "open",   "flock",   "fchown", "fchmod",
    "read", "write", "fsync", "fcntl",    "close",     "rename", "opendir", "readdir"};

/* The `nth` call of a kind fails with `number` and `times` − 1 after it; or is the process's last.
 */
static struct {
    call call;
    int nth, times, number;
    bool is_killed;
    bool is_done;                   /* although rename says that it was not */
    bool is_cleared;                /* what is not locked yet, before the first lock */
    size_t most_read, most_written; /* by each call; 0: all */
} plan;
static int n_called[N_CALLS];

static bool fails(call c)
{
    const int nth = n_called[c]++;
    if (plan.times == 0 || plan.call != c || nth < plan.nth || nth >= plan.nth + plan.times) {
        return false;
    }
    if (plan.is_killed) {
        raise(SIGKILL);
    }
    errno = plan.number;
    return true;
}

/* Another process whose own save begins at this moment. */
static void clear_as_others_do(void)
{
    DIR *const dir = opendir(files_folder);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strstr(e->d_name, ".tmp") != NULL) {
            ck_assert_int_eq(unlink(files_path(e->d_name)), 0);
        }
    }
    closedir(dir);
}

static int planned_stat(const char *path, struct stat *s)
{
    return fails(CALL_STAT) ? -1 : stat(path, s);
}
static int planned_lstat(const char *path, struct stat *s)
{
    return fails(CALL_LSTAT) ? -1 : lstat(path, s);
}
static int planned_fstat(int fd, struct stat *s)
{
    return fails(CALL_FSTAT) ? -1 : fstat(fd, s);
}
static ssize_t planned_readlink(const char *path, char *out, size_t bytes)
{
    return fails(CALL_READLINK) ? -1 : readlink(path, out, bytes);
}
static int planned_faccessat(int folder, const char *path, int mode, int flags)
{
    return fails(CALL_FACCESSAT) ? -1 : faccessat(folder, path, mode, flags);
}
static int planned_open(const char *path, int flags, mode_t mode)
{
    return fails(CALL_OPEN) ? -1 : open(path, flags, mode);
}
static int planned_flock(int fd, int operation)
{
    if (plan.is_cleared && n_called[CALL_FLOCK] == 0) {
        clear_as_others_do();
    }
    return fails(CALL_FLOCK) ? -1 : flock(fd, operation);
}
static int planned_fchown(int fd, uid_t owner, gid_t group)
{
    return fails(CALL_FCHOWN) ? -1 : fchown(fd, owner, group);
}
static int planned_fchmod(int fd, mode_t mode)
{
    return fails(CALL_FCHMOD) ? -1 : fchmod(fd, mode);
}
static ssize_t planned_read(int fd, void *out, size_t bytes)
{
    const bool is_cut = plan.most_read > 0 && bytes > plan.most_read;
    return fails(CALL_READ) ? -1 : read(fd, out, is_cut ? plan.most_read : bytes);
}
static ssize_t planned_write(int fd, const void *data, size_t bytes)
{
    const bool is_cut = plan.most_written > 0 && bytes > plan.most_written;
    return fails(CALL_WRITE) ? -1 : write(fd, data, is_cut ? plan.most_written : bytes);
}
static int planned_fsync(int fd)
{
    return fails(CALL_FSYNC) ? -1 : fsync(fd);
}
static int planned_fcntl(int fd, int command, int argument)
{
    return fails(CALL_FCNTL) ? -1 : fcntl(fd, command, argument);
}
/* As Linux does it: the descriptor is gone, whatever close says. */
static int planned_close(int fd)
{
    const bool has_failed = fails(CALL_CLOSE);
    const int number = errno;
    const int status = close(fd);
    errno = number;
    return has_failed ? -1 : status;
}
static int planned_rename(const char *from, const char *to)
{
    const bool has_failed = fails(CALL_RENAME);
    const int number = errno;
    const int status = has_failed && !plan.is_done ? -1 : rename(from, to);
    errno = has_failed ? number : errno;
    return has_failed ? -1 : status;
}
static DIR *planned_opendir(const char *path)
{
    return fails(CALL_OPENDIR) ? NULL : opendir(path);
}
static struct dirent *planned_readdir(DIR *dir)
{
    return fails(CALL_READDIR) ? NULL : readdir(dir);
}

#define stat(path, about)                    planned_stat(path, about)
#define lstat(path, about)                   planned_lstat(path, about)
#define fstat(fd, about)                     planned_fstat(fd, about)
#define readlink(path, out, bytes)           planned_readlink(path, out, bytes)
#define faccessat(folder, path, mode, flags) planned_faccessat(folder, path, mode, flags)
#define open(path, flags, mode)              planned_open(path, flags, mode)
#define flock(fd, operation)                 planned_flock(fd, operation)
#define fchown(fd, owner, group)             planned_fchown(fd, owner, group)
#define fchmod(fd, mode)                     planned_fchmod(fd, mode)
#define read(fd, out, bytes)                 planned_read(fd, out, bytes)
#define write(fd, data, bytes)               planned_write(fd, data, bytes)
#define fsync(fd)                            planned_fsync(fd)
#define fcntl(fd, command, argument)         planned_fcntl(fd, command, argument)
#define close(fd)                            planned_close(fd)
#define rename(from, to)                     planned_rename(from, to)
#define opendir(path)                        planned_opendir(path)
#define readdir(dir)                         planned_readdir(dir)
#include "io/atomic_file.c"
#include "io/open_file.c"
#include "io/temporary_file.c"
#undef stat
#undef lstat
#undef fstat
#undef readlink
#undef faccessat
#undef open
#undef flock
#undef fchown
#undef fchmod
#undef read
#undef write
#undef fsync
#undef fcntl
#undef close
#undef rename
#undef opendir
#undef readdir

/* ── what is saved ── */

typedef struct thing {
    const char *name;
    rr_status (*save)(const char *path, rr_error *err);
} thing;

static machine saved;
static rr_policy *saved_policy;
static int n_warnings;

static rr_status save_bytes(const char *path, rr_error *err)
{
    static unsigned char bytes[40000];
    memset(bytes, 7, sizeof bytes);
    return files_write(path, bytes, sizeof bytes, err);
}

static rr_status save_npy(const char *path, rr_error *err)
{
    static float values[5000];
    values[7] = 3.0f;
    return rr_npy_write(path, values, 50, 100, err);
}

static rr_status save_checkpoint(const char *path, rr_error *err)
{
    const rr_checkpoint all = machine_checkpoint(&saved);
    return rr_checkpoint_save(&all, path, err);
}

static rr_status save_policy(const char *path, rr_error *err)
{
    return rr_policy_save(saved_policy, path, err);
}

static const thing things[] = {{"bytes", save_bytes},
                               {"npy", save_npy},
                               {"checkpoint", save_checkpoint},
                               {"policy", save_policy}};
enum { N_THINGS = sizeof things / sizeof things[0] };

static void count_warning(void *user, int32_t level, const char *sentence)
{
    (void)user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    ck_assert_msg(strstr(sentence, "could not be synced") != NULL, "%s", sentence);
    n_warnings++;
}

static void begin(void)
{
    rr_error err;
    const rr_host host = {.struct_size = sizeof host, .log = count_warning};
    files_begin();
    memset(&plan, 0, sizeof plan);
    machine_create(&saved, &machine_plans[0], 3, 1, &host);
    machine_update(&saved);
    machine_require(rr_agent_publish(saved.agent, NULL, &saved_policy, &err), &err);
}

static void end(void)
{
    rr_policy_release(saved_policy);
    machine_destroy(&saved);
    files_end();
}

/* How often each call is made where none fails, over an old file; and what the new one holds. */
static void rehearse(const thing *t, int n_calls[N_CALLS], unsigned char **bytes, size_t *n_bytes)
{
    plan.times = 0;
    files_make(files_path("file"), "old", 0666);
    memset(n_called, 0, sizeof n_called);
    ck_assert_int_eq(t->save(files_path("file"), NULL), RR_OK);
    memcpy(n_calls, n_called, sizeof n_called);
    struct stat s;
    ck_assert_int_eq(stat(files_path("file"), &s), 0);
    *n_bytes = (size_t)s.st_size;
    *bytes = malloc(*n_bytes);
    FILE *const stream = fopen(files_path("file"), "rb");
    ck_assert_uint_eq(fread(*bytes, 1, *n_bytes, stream), *n_bytes);
    fclose(stream);
}

/* Every failure that is not asked for again must be said, if the file is not the new one; and the
 * old file stays. */
static rr_status save_over_old(const thing *t, const unsigned char *bytes, size_t n_bytes)
{
    rr_error err = {0};
    files_make(files_path("file"), "old", 0666);
    memset(n_called, 0, sizeof n_called);
    n_warnings = 0;
    const rr_status status = t->save(files_path("file"), &err);
    if (status == RR_OK) {
        files_expect(files_path("file"), bytes, n_bytes);
    } else {
        ck_assert_msg(status == RR_E_IO, "%s: %s", t->name, err.text);
        ck_assert_msg(strstr(err.text, files_path("file")) != NULL, "%s", err.text);
        files_expect_text(files_path("file"), "old");
    }
    ck_assert_msg(files_count() == 1, "%s: %s %d leaves %zu files", t->name, call_names[plan.call],
                  plan.nth, files_count());
    return status;
}

/* Calls without which there is no save. Of open the first makes the file and the second looks at
 * the folder; of fsync likewise; the first close is the file's. */
static bool is_needed(call c, int nth)
{
    switch (c) {
    case CALL_STAT:
    case CALL_FACCESSAT:
    case CALL_READLINK:
    case CALL_FCHMOD:
    case CALL_WRITE:
    case CALL_FCNTL:
    case CALL_RENAME:
        return true;
    case CALL_OPEN:
    case CALL_FSYNC:
    case CALL_CLOSE:
        return nth == 0;
    case CALL_FSTAT: /* the first one looks whether the file is still there, else makes another */
        return nth == 1;
    default:
        return false;
    }
}

static bool is_of_the_folder(call c, int nth)
{
    return (c == CALL_OPEN || c == CALL_FSYNC) && nth == 1;
}

START_TEST(test_failing_calls_leave_the_old_file_or_the_new_one_whole)
{
    static const int numbers[] = {EIO, ENOSPC, EACCES, EDQUOT};
    begin();
    for (size_t i = 0; i < N_THINGS; i++) {
        int n_calls[N_CALLS];
        unsigned char *bytes;
        size_t n_bytes;
        rehearse(&things[i], n_calls, &bytes, &n_bytes);
        for (call c = 0; c < N_CALLS; c++) {
            for (int nth = 0; nth < n_calls[c]; nth++) {
                for (size_t n = 0; n < 4; n++) {
                    plan.call = c;
                    plan.nth = nth;
                    plan.times = 1;
                    plan.number = numbers[n];
                    const rr_status status = save_over_old(&things[i], bytes, n_bytes);
                    ck_assert_msg((status != RR_OK) == is_needed(c, nth), "%s: %s %d is %s",
                                  things[i].name, call_names[c], nth, rr_status_name(status));
                    const bool is_said =
                        is_of_the_folder(c, nth) && things[i].save == save_checkpoint;
                    ck_assert_int_eq(n_warnings, is_said);
                }
            }
        }
        ck_assert_int_ge(n_calls[CALL_WRITE], 1);
        ck_assert_int_eq(n_calls[CALL_RENAME], 1);
        ck_assert_int_eq(n_calls[CALL_FSYNC], 2);
        ck_assert_int_eq(n_calls[CALL_FCHMOD], 1);
        free(bytes);
    }
    end();
}
END_TEST

START_TEST(test_failing_calls_that_are_interrupted_are_made_again)
{
    static const call asked_again[] = {CALL_STAT,  CALL_FSTAT, CALL_OPEN,  CALL_FLOCK,
                                       CALL_WRITE, CALL_FSYNC, CALL_CLOSE, CALL_RENAME};
    begin();
    for (size_t i = 0; i < N_THINGS; i++) {
        int n_calls[N_CALLS];
        unsigned char *bytes;
        size_t n_bytes;
        rehearse(&things[i], n_calls, &bytes, &n_bytes);
        for (size_t a = 0; a < sizeof asked_again / sizeof asked_again[0]; a++) {
            for (int nth = 0; nth < n_calls[asked_again[a]]; nth++) {
                for (int times = 1; times <= 3; times += 2) {
                    plan.call = asked_again[a];
                    plan.nth = nth;
                    plan.times = times;
                    plan.number = EINTR;
                    const rr_status status = save_over_old(&things[i], bytes, n_bytes);
                    ck_assert_msg(status == RR_OK && n_warnings == 0, "%s: %s %d", things[i].name,
                                  call_names[plan.call], nth);
                    /* The descriptor of an interrupted close may be another file's by then. */
                    const bool is_close = plan.call == CALL_CLOSE;
                    ck_assert_int_eq(n_called[plan.call],
                                     n_calls[plan.call] + (is_close ? 0 : times));
                }
            }
        }
        free(bytes);
    }
    end();
}
END_TEST

/* Over a network: the answer was lost, and asked again the server finds nothing to rename. */
START_TEST(test_failing_calls_rename_that_was_done_although_interrupted_is_done)
{
    begin();
    int n_calls[N_CALLS];
    unsigned char *bytes;
    size_t n_bytes;
    rehearse(&things[0], n_calls, &bytes, &n_bytes);
    plan.call = CALL_RENAME;
    plan.nth = 0;
    plan.times = 1;
    plan.number = EINTR;
    plan.is_done = true;
    ck_assert_int_eq(save_over_old(&things[0], bytes, n_bytes), RR_OK);
    ck_assert_int_eq(n_called[CALL_RENAME], 2);
    free(bytes);
    end();
}
END_TEST

START_TEST(test_failing_calls_file_that_is_cleared_before_it_is_locked_is_made_again)
{
    begin();
    int n_calls[N_CALLS];
    unsigned char *bytes;
    size_t n_bytes;
    rehearse(&things[0], n_calls, &bytes, &n_bytes);
    plan.is_cleared = true;
    ck_assert_int_eq(save_over_old(&things[0], bytes, n_bytes), RR_OK);
    ck_assert_int_eq(n_called[CALL_FLOCK], n_calls[CALL_FLOCK] + 1);
    free(bytes);
    end();
}
END_TEST

START_TEST(test_failing_calls_writes_that_take_little_are_continued)
{
    static const size_t most[] = {1, 7, 4096};
    begin();
    for (size_t i = 0; i < N_THINGS; i++) {
        int n_calls[N_CALLS];
        unsigned char *bytes;
        size_t n_bytes;
        rehearse(&things[i], n_calls, &bytes, &n_bytes);
        for (size_t m = 0; m < 3; m++) {
            memset(&plan, 0, sizeof plan);
            plan.most_written = most[m];
            ck_assert_int_eq(save_over_old(&things[i], bytes, n_bytes), RR_OK);
            /* And the disk is full in the middle of them. */
            plan.call = CALL_WRITE;
            plan.times = 1;
            plan.number = ENOSPC;
            for (int nth = 0; nth < 4; nth++) {
                plan.nth = nth * (int)(n_bytes / most[m]) / 4;
                ck_assert_int_eq(save_over_old(&things[i], bytes, n_bytes), RR_E_IO);
            }
        }
        plan.most_written = 0;
        free(bytes);
    }
    end();
}
END_TEST

static rr_status load_checkpoint(rr_error *err)
{
    rr_checkpoint all = machine_checkpoint(&saved);
    memset(n_called, 0, sizeof n_called);
    return rr_checkpoint_load(&all, files_path("file"), err);
}

START_TEST(test_failing_calls_of_a_load_are_made_again_or_change_nothing)
{
    static const call calls[] = {CALL_OPEN, CALL_FSTAT, CALL_READ};
    begin();
    int n_calls[N_CALLS];
    unsigned char *bytes;
    size_t n_bytes;
    rr_error err;
    rehearse(&things[2], n_calls, &bytes, &n_bytes);
    machine_require(load_checkpoint(&err), &err);
    memcpy(n_calls, n_called, sizeof n_called);
    ck_assert_int_ge(n_calls[CALL_READ], 4); /* length, header, the rest, the end */
    for (size_t c = 0; c < 3; c++) {
        for (int nth = 0; nth < n_calls[calls[c]]; nth++) {
            plan.call = calls[c];
            plan.nth = nth;
            plan.times = 2;
            plan.number = EINTR;
            machine_require(load_checkpoint(&err), &err);
            plan.number = EIO;
            ck_assert_int_eq(load_checkpoint(&err), RR_E_IO);
            ck_assert_ptr_nonnull(strstr(err.text, "Input/output error"));
            plan.times = 0;
            save_checkpoint(files_path("file"), NULL);
            files_expect(files_path("file"), bytes, n_bytes);
        }
    }
    plan.most_read = 7;
    machine_require(load_checkpoint(&err), &err);
    plan.most_read = 0;
    free(bytes);
    end();
}
END_TEST

/* A disk that is full is full for every write after the first that failed. */
START_TEST(test_failing_calls_file_size_limit_of_the_system_is_an_error)
{
    begin();
    struct rlimit before, small = {0};
    struct sigaction ignored = {.sa_handler = SIG_IGN}, handler;
    unsigned char *bytes;
    size_t n_bytes;
    int n_calls[N_CALLS];
    rehearse(&things[0], n_calls, &bytes, &n_bytes);
    sigaction(SIGXFSZ, &ignored, &handler);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 20000;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const rr_status status = save_over_old(&things[0], bytes, n_bytes);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    sigaction(SIGXFSZ, &handler, NULL);
    ck_assert_int_eq(status, RR_E_IO);
    free(bytes);
    end();
}
END_TEST

/* Killed at any call, it leaves the old file or the new one, and at most one other, which the next
 * save clears. */
START_TEST(test_failing_calls_process_that_is_killed_leaves_a_whole_file)
{
    begin();
    const thing *t = &things[0];
    int n_calls[N_CALLS], n_strays = 0;
    unsigned char *bytes;
    size_t n_bytes;
    rehearse(t, n_calls, &bytes, &n_bytes);
    for (call c = 0; c < N_CALLS; c++) {
        for (int nth = 0; nth < n_calls[c]; nth++) {
            files_make(files_path("file"), "old", 0666);
            const pid_t child = fork();
            ck_assert_int_ge(child, 0);
            if (child == 0) {
                memset(n_called, 0, sizeof n_called);
                plan.call = c;
                plan.nth = nth;
                plan.times = 1;
                plan.is_killed = true;
                t->save(files_path("file"), NULL);
                _exit(0);
            }
            int how;
            ck_assert_int_eq(waitpid(child, &how, 0), child);
            ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
            struct stat s;
            ck_assert_int_eq(stat(files_path("file"), &s), 0);
            if (s.st_size == 3) {
                files_expect_text(files_path("file"), "old");
            } else {
                files_expect(files_path("file"), bytes, n_bytes);
            }
            ck_assert_uint_le(files_count(), 2);
            n_strays += files_count() == 2;
            memset(&plan, 0, sizeof plan);
            ck_assert_int_eq(t->save(files_path("file"), NULL), RR_OK);
            ck_assert_uint_eq(files_count(), 1);
        }
    }
    ck_assert_int_ge(n_strays, 5);
    free(bytes);
    end();
}
END_TEST

CHECK_MAIN("io/failing_calls", test_failing_calls_leave_the_old_file_or_the_new_one_whole,
           test_failing_calls_that_are_interrupted_are_made_again,
           test_failing_calls_rename_that_was_done_although_interrupted_is_done,
           test_failing_calls_file_that_is_cleared_before_it_is_locked_is_made_again,
           test_failing_calls_writes_that_take_little_are_continued,
           test_failing_calls_of_a_load_are_made_again_or_change_nothing,
           test_failing_calls_file_size_limit_of_the_system_is_an_error,
           test_failing_calls_process_that_is_killed_leaves_a_whole_file)
