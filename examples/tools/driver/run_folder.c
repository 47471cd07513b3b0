/* SPDX-License-Identifier: MIT */
#include "run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "about.h"
#include "events.h"
#include "flags.h"
#include "folder_lock.h"
#include "text.h"

static const char *const CHECKPOINT = "checkpoint.safetensors";

/* What a run writes; --overwrite removes these and nothing else. */
static const char *const own_files[] = {"log.csv", "health.csv", "checkpoint.safetensors",
                                        "about.txt", "report.html"};
enum {
    N_OWN_FILES = sizeof own_files / sizeof own_files[0],
    MOST_NAME = 200,
    MOST_NUMBER = 100000
};

void run_folder_checkpoint(char out[4096], const char *folder)
{
    text_path(out, 4096, folder, CHECKPOINT);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool has_file(const char *folder, const char *name)
{
    char path[4096];
    struct stat status;
    text_path(path, sizeof path, folder, name);
    return stat(path, &status) == 0;
}

static bool has_run(const char *folder)
{
    bool is_found = false;
    for (int i = 0; i < N_OWN_FILES; i++) {
        is_found = is_found || has_file(folder, own_files[i]);
    }
    return is_found;
}

void run_folder_require_name(const char *name)
{
    if (name[0] == '\0' || strlen(name) > MOST_NAME) {
        text_fail("--name has %zu characters; it must have 1 to %d", strlen(name), MOST_NAME);
    }
    if (strpbrk(name, "/\n\r") != NULL || strcmp(name, ".") == 0 || strstr(name, "..") != NULL) {
        text_fail("--name is \"%s\"; it names a folder under runs/ and may not have / or ..", name);
    }
}

/* What changes no number, and the seed, which stands at the end. */
static bool is_named(const settings *s, int32_t kind, const char *field)
{
    static const char *const left_out[] = {"num_threads", "worker_spin_us", "log_interval"};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strcmp(field, left_out[i]) == 0) {
            return false;
        }
    }
    if (kind == RR_CONFIG_TRAIN && strcmp(field, "seed") == 0) {
        return false;
    }
    return !settings_follows(kind, field) || settings_is_given(s, kind, field);
}

/* "-lr=0.003" behind the name, unless it stands there or there is no room. */
static void add_setting(char out[256], const char *field, const char *value)
{
    enum { MOST_SETTINGS = 150 };
    char part[160];
    const int n = snprintf(part, sizeof part, "-%s=%s", field, value);
    if (n < (int)sizeof part && strlen(out) + (size_t)n < MOST_SETTINGS &&
        strstr(out, part) == NULL) {
        strcat(out, part);
    }
}

static void add_config(char out[256], settings *own, settings *base, int32_t kind)
{
    const int32_t n = rr_config_field_count(kind);
    for (int32_t i = 0; i < n; i++) {
        rr_config_field field = {.struct_size = sizeof field};
        char value[128];
        char usual[128];
        rr_error err;
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        if (!is_named(own, kind, field.name)) {
            continue;
        }
        text_require(
            rr_config_get(settings_config(own, kind), field.name, value, sizeof value, &err), &err);
        text_require(
            rr_config_get(settings_config(base, kind), field.name, usual, sizeof usual, &err),
            &err);
        if (strcmp(value, usual) != 0) {
            add_setting(out, field.name, value);
        }
    }
}

void run_folder_default_name(char out[256], const settings *s, const run_origin *origin)
{
    char of_world[64];
    static settings own, base;
    own = *s;
    settings_init(&base, origin->world, s->agent.head == RR_HEAD_DENSE ? "dense" : "tower",
                  s->algo);
    world_name(of_world, sizeof of_world, origin->world);
    snprintf(out, 256, "%s-%s", flags_algo_name(s->algo), of_world);
    const int32_t kinds[] = {settings_algo_kind(s), RR_CONFIG_AGENT, RR_CONFIG_ENV, RR_CONFIG_TRAIN,
                             RR_CONFIG_ALS};
    const int n_kinds = s->is_learned ? 5 : 4;
    for (int i = 0; i < n_kinds; i++) {
        add_config(out, &own, &base, kinds[i]);
    }
    if (origin->reward_scale[0] != '\0') {
        add_setting(out, "reward_scale", origin->reward_scale);
    }
    if (origin->vectors[0] != '\0') {
        const char *slash = strrchr(origin->vectors, '/');
        add_setting(out, "vectors", slash != NULL ? slash + 1 : origin->vectors);
    }
    const size_t n = strlen(out);
    snprintf(out + n, 256 - n, "-%llu", (unsigned long long)s->train.seed);
}

static void folder_path(char out[RUN_FOLDER_PATH], const char *runs, const char *name)
{
    text_path(out, RUN_FOLDER_PATH, runs, name);
}

static void require_lock(run_folder *f)
{
    const int number = folder_lock(&f->lock, f->path);
    if (number == EWOULDBLOCK) {
        text_fail("%s: process %ld trains there at this moment; give --name for another folder, "
                  "or wait for its end",
                  f->path, folder_lock_holder(f->path));
    }
    if (number != 0) {
        text_fail("%s/lock: the folder cannot be locked: %s", f->path, strerror(number));
    }
}

static void refuse(const char *folder)
{
    text_fail("%s has a run in it; --overwrite replaces it, --resume %s goes on with it, and "
              "another --name keeps both",
              folder, folder);
}

void run_folder_require_free(const run_folder_wish *wish)
{
    char path[RUN_FOLDER_PATH];
    if (wish->name != NULL) {
        folder_path(path, wish->runs, wish->name);
        if (!wish->is_overwrite && has_run(path)) {
            refuse(path);
        }
    }
}

static void remove_file(const char *folder, const char *name)
{
    char path[4096];
    text_path(path, sizeof path, folder, name);
    if (unlink(path) != 0 && errno != ENOENT) {
        text_fail("%s: cannot be removed: %s", path, strerror(errno));
    }
}

static void empty(const char *folder)
{
    for (int i = 0; i < N_OWN_FILES; i++) {
        remove_file(folder, own_files[i]);
    }
    DIR *entries = opendir(folder);
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (events_is_file(entry->d_name)) {
            remove_file(folder, entry->d_name);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
}

/* True: the folder was made here and now, and is nobody else's. */
static bool make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0) {
        return true;
    }
    if (errno != EEXIST || !is_folder(path)) {
        text_fail("%s: the folder cannot be made: %s", path,
                  strerror(errno == EEXIST ? ENOTDIR : errno));
    }
    return false;
}

/* The first of NAME, NAME-2, NAME-3, … that is free. */
static void create_numbered(run_folder *f, const char *runs, const char *default_name)
{
    for (int number = 1; number < MOST_NUMBER; number++) {
        char name[300];
        snprintf(name, sizeof name, number == 1 ? "%s" : "%s-%d", default_name, number);
        folder_path(f->path, runs, name);
        if (make_folder(f->path)) {
            require_lock(f);
            return;
        }
    }
    text_fail("%s/%s-%d and all before it are taken; give --name", runs, default_name, MOST_NUMBER);
}

void run_folder_create(run_folder *f, const run_folder_wish *wish, const char *default_name)
{
    *f = (run_folder){.lock = -1};
    const char *name = wish->name != NULL ? wish->name : default_name;
    folder_path(f->path, wish->runs, name);
    text_make_folders(f->path);
    if (wish->name == NULL && !wish->is_overwrite) {
        create_numbered(f, wish->runs, default_name);
        return;
    }
    make_folder(f->path);
    require_lock(f);
    if (has_run(f->path) && !wish->is_overwrite) {
        const char *taken = f->path;
        refuse(taken);
    }
    empty(f->path);
}

void run_folder_continue(run_folder *f, const char *path)
{
    *f = (run_folder){.lock = -1, .is_continued = true};
    snprintf(f->path, sizeof f->path, "%s", path);
    require_lock(f);
}

void run_folder_close(run_folder *f)
{
    folder_unlock(&f->lock, f->path);
}

static void without_slashes(char out[RUN_FOLDER_PATH], const char *path)
{
    if (snprintf(out, RUN_FOLDER_PATH, "%s", path) >= RUN_FOLDER_PATH) {
        text_fail("%s: the path is too long", path);
    }
    for (size_t n = strlen(out); n > 1 && out[n - 1] == '/'; n--) {
        out[n - 1] = '\0';
    }
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* A checkpoint in a run's folder is that run. */
static void folder_around(char folder[RUN_FOLDER_PATH], const char *checkpoint)
{
    const char *slash = strrchr(checkpoint, '/');
    const char *name = slash != NULL ? slash + 1 : checkpoint;
    folder[0] = '\0';
    if (strcmp(name, CHECKPOINT) == 0) {
        const int n = slash == NULL ? 0 : slash == checkpoint ? 1 : (int)(slash - checkpoint);
        snprintf(folder, RUN_FOLDER_PATH, "%.*s", n == 0 ? 1 : n, n == 0 ? "." : checkpoint);
        if (!has_file(folder, "about.txt") && !has_file(folder, "log.csv")) {
            folder[0] = '\0';
        }
    }
}

void run_folder_find(char *checkpoint, char *folder, const char *runs, const char *flag,
                     const char *what)
{
    char named[RUN_FOLDER_PATH];
    folder_path(named, runs, what);
    if (is_file(what)) {
        if (snprintf(checkpoint, 4096, "%s", what) >= 4096) {
            text_fail("%s: the path is too long", what);
        }
        folder_around(folder, checkpoint);
        return;
    }
    if (!is_folder(what) && !is_folder(named)) {
        text_fail("%s is \"%s\"; there is no such checkpoint, and no run of this name in %s", flag,
                  what, runs);
    }
    without_slashes(folder, is_folder(what) ? what : named);
    run_folder_checkpoint(checkpoint, folder);
    if (!is_file(checkpoint) && !has_file(folder, "about.txt") && !has_file(folder, "log.csv")) {
        text_fail("%s is \"%s\"; it is no folder of a run: it has neither a checkpoint nor a log",
                  flag, what);
    }
    if (!is_file(checkpoint)) {
        text_fail("%s has no checkpoint: its run ended before the first one, or was made with "
                  "--no-checkpoint; begin it again",
                  folder);
    }
}

static bool is_same_file(const char *path, const char *other)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static bool has_same_bytes(const char *path, const char *other)
{
    FILE *a = fopen(path, "rb");
    FILE *b = fopen(other, "rb");
    bool is_same = a != NULL && b != NULL;
    size_t n = 1;
    while (is_same && n > 0) {
        static char left[65536], right[65536];
        n = fread(left, 1, sizeof left, a);
        is_same = fread(right, 1, sizeof right, b) == n && memcmp(left, right, n) == 0;
    }
    if (a != NULL) {
        fclose(a);
    }
    if (b != NULL) {
        fclose(b);
    }
    return is_same;
}

/* How sure it is that a folder's run is the one of a checkpoint; 0: it is not. */
static int rank(const char *folder, const char *checkpoint)
{
    char own[4096];
    char path[4096];
    about a;
    run_folder_checkpoint(own, folder);
    text_path(path, sizeof path, folder, "about.txt");
    if (!is_file(own) || !is_file(path)) {
        return 0;
    }
    about_read(&a, path);
    const bool is_claimed = is_same_file(a.checkpoint, checkpoint);
    const bool is_same = has_same_bytes(own, checkpoint);
    if (is_claimed || is_same) {
        return is_claimed && is_same ? 3 : is_same ? 2 : run_is_same_recipe(own, checkpoint);
    }
    return 0;
}

bool run_folder_of(char folder[RUN_FOLDER_PATH], const char *runs, const char *checkpoint)
{
    int best = 0;
    DIR *entries = opendir(runs);
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char path[RUN_FOLDER_PATH];
        if (entry->d_name[0] == '.') {
            continue;
        }
        folder_path(path, runs, entry->d_name);
        const int found = rank(path, checkpoint);
        if (found > best || (found == best && found > 0 && strcmp(path, folder) < 0)) {
            best = found;
            strcpy(folder, path);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return best > 0;
}
