/* SPDX-License-Identifier: MIT */
/* run_state.c: a run's checkpoint. The blob is text, one fact a line, so that any reader can tell
 * what a file was made by:
 *
 *     recrl-train 1
 *     world synthetic
 *     data
 *     name                         as given; the default one follows from the rest
 *     vectors v.npy                only where they were given
 *     rows 100000 943 1682         interactions, users and items of the world's file
 *     train total_timesteps 100000
 *     als num_factors 30
 *     open 0x1.8p+1 5              return and length of each open session */
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "text.h"

static const char *const HEADING = "recrl-train 1";

/* Threads change no number, so a run may go on with others. */
static bool is_stored(const char *field)
{
    return strcmp(field, "num_threads") != 0 && strcmp(field, "worker_spin_us") != 0;
}

static void write_config(FILE *out, const settings *s, int32_t kind)
{
    settings copy = *s;
    const int32_t n = rr_config_field_count(kind);
    for (int32_t i = 0; i < n; i++) {
        rr_config_field field = {.struct_size = sizeof field};
        char value[128];
        rr_error err;
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        text_require(
            rr_config_get(settings_config(&copy, kind), field.name, value, sizeof value, &err),
            &err);
        if (is_stored(field.name)) {
            fprintf(out, "%s %s %s\n", settings_prefix(kind), field.name, value);
        }
    }
}

static run_data data_of(const world *w)
{
    return (run_data){.n_rows = w->n_interactions,
                      .n_users = (int64_t)w->n_users[WORLD_TRAIN] + w->n_users[WORLD_TEST],
                      .n_items = w->n_items};
}

rr_status run_save(const run *r, const char *path, const run_origin *origin, rr_error *err)
{
    char *blob = NULL;
    size_t blob_bytes = 0;
    FILE *out = open_memstream(&blob, &blob_bytes);
    if (out == NULL) {
        text_fail("no memory for the run's state");
    }
    fprintf(out, "%s\nworld %s\ndata %s\nname %s\n", HEADING, origin->world, origin->data,
            origin->name);
    if (origin->vectors[0] != '\0') {
        fprintf(out, "vectors %s\n", origin->vectors);
    }
    if (origin->reward_scale[0] != '\0') {
        fprintf(out, "reward_scale %s\n", origin->reward_scale);
    }
    if (r->w->items != NULL) {
        const run_data now = data_of(r->w);
        fprintf(out, "rows %lld %lld %lld\n", (long long)now.n_rows, (long long)now.n_users,
                (long long)now.n_items);
    }
    data_options_write(out, &origin->reading);
    write_config(out, r->s, RR_CONFIG_TRAIN);
    write_config(out, r->s, RR_CONFIG_ALS);
    for (int32_t i = 0; i < r->s->env.n_envs; i++) {
        fprintf(out, "open %a %d\n", (double)r->open_returns[i], (int)r->open_lengths[i]);
    }
    if (fclose(out) != 0) {
        text_fail("no memory for the run's state");
    }
    const rr_checkpoint all = {.struct_size = sizeof all,
                               .agent = r->agent,
                               .env = r->env,
                               .blob = blob,
                               .blob_bytes = blob_bytes};
    const rr_status status = rr_checkpoint_save(&all, path, err);
    free(blob);
    return status;
}

static char *read_blob(const char *path)
{
    rr_error err;
    rr_checkpoint target = {.struct_size = sizeof target};
    text_require_file(rr_checkpoint_load(&target, path, &err), &err, path);
    const size_t bytes = target.blob_bytes;
    char *blob = text_allocate(bytes + 1, 1);
    target.blob = blob;
    target.blob_capacity = bytes;
    text_require_file(rr_checkpoint_load(&target, path, &err), &err, path);
    const size_t n = strlen(HEADING);
    if (bytes <= n || strncmp(blob, HEADING, n) != 0 || blob[n] != '\n') {
        text_fail("%s is a checkpoint, but not one of train", path);
    }
    return blob;
}

/* Next line of a text, its end cut off; NULL at the end. */
static char *next_line(char **text)
{
    char *line = *text;
    if (*line == '\0') {
        return NULL;
    }
    char *end = strchr(line, '\n');
    if (end != NULL) {
        *end = '\0';
        *text = end + 1;
    } else {
        *text = line + strlen(line);
    }
    return line;
}

static const char *behind(const char *line, const char *word)
{
    const size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

/* "train seed 7": sets the field, without marking it as given. */
static void read_field(settings *s, int32_t kind, char *field)
{
    char *value = strchr(field, ' ');
    if (value == NULL) {
        text_fail("the checkpoint's line \"%s\" has no value", field);
    }
    *value = '\0';
    rr_error err;
    text_require(rr_config_set(settings_config(s, kind), field, value + 1, &err), &err);
}

void run_read_settings(settings *s, run_origin *origin, const char *path)
{
    rr_error err;
    int32_t algo = RR_ALGO_PPO;
    text_require_file(rr_checkpoint_read_config(path, NULL, &algo, &err), &err, path);
    char *blob = read_blob(path);
    char *rest = blob;
    memset(origin, 0, sizeof *origin);
    char *line = next_line(&rest);
    while ((line = next_line(&rest)) != NULL && behind(line, "open") == NULL) {
        const char *value = NULL;
        if ((value = behind(line, "world")) != NULL) {
            snprintf(origin->world, sizeof origin->world, "%s", value);
            settings_init(s, origin->world, "tower", algo);
        } else if ((value = behind(line, "data")) != NULL) {
            snprintf(origin->data, sizeof origin->data, "%s", value);
        } else if ((value = behind(line, "name")) != NULL) {
            snprintf(origin->name, sizeof origin->name, "%s", value);
        } else if ((value = behind(line, "vectors")) != NULL) {
            snprintf(origin->vectors, sizeof origin->vectors, "%s", value);
        } else if ((value = behind(line, "reward_scale")) != NULL) {
            snprintf(origin->reward_scale, sizeof origin->reward_scale, "%s", value);
        } else if (data_options_take(&origin->reading, line)) {
            continue;
        } else if ((value = behind(line, "rows")) != NULL) {
            char *end = NULL;
            origin->had.n_rows = strtoll(value, &end, 10);
            origin->had.n_users = strtoll(end, &end, 10);
            origin->had.n_items = strtoll(end, &end, 10);
        } else if (behind(line, "train") != NULL) {
            read_field(s, RR_CONFIG_TRAIN, line + strlen("train "));
        } else if (behind(line, "als") != NULL) {
            read_field(s, RR_CONFIG_ALS, line + strlen("als "));
        }
    }
    free(blob);
    if (origin->world[0] == '\0') {
        text_fail("%s does not say which world it was made in", path);
    }
    const int32_t kinds[] = {RR_CONFIG_ENV, RR_CONFIG_AGENT, settings_algo_kind(s)};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        text_require_file(rr_checkpoint_read_config(path, settings_config(s, kinds[i]), NULL, &err),
                          &err, path);
    }
}

/* A config's fields that two checkpoints of one run share, as text. */
static bool is_same_config(settings *a, settings *b, int32_t kind)
{
    const int32_t n = rr_config_field_count(kind);
    for (int32_t i = 0; i < n; i++) {
        char left[128];
        char right[128];
        rr_error err;
        rr_config_field field = {.struct_size = sizeof field};
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        text_require(rr_config_get(settings_config(a, kind), field.name, left, sizeof left, &err),
                     &err);
        text_require(rr_config_get(settings_config(b, kind), field.name, right, sizeof right, &err),
                     &err);
        const bool is_free = !is_stored(field.name) || strcmp(field.name, "log_interval") == 0 ||
                             strcmp(field.name, "total_timesteps") == 0;
        if (!is_free && strcmp(left, right) != 0) {
            return false;
        }
    }
    return true;
}

bool run_is_same_recipe(const char *path, const char *other)
{
    static settings a, b;
    run_origin from, to;
    run_read_settings(&a, &from, path);
    run_read_settings(&b, &to, other);
    const int32_t kinds[] = {RR_CONFIG_TRAIN, RR_CONFIG_ENV, RR_CONFIG_AGENT, RR_CONFIG_ALS,
                             settings_algo_kind(&a)};
    bool is_same = a.algo == b.algo && strcmp(from.world, to.world) == 0 &&
                   strcmp(from.vectors, to.vectors) == 0 &&
                   strcmp(from.reward_scale, to.reward_scale) == 0;
    for (size_t i = 0; is_same && i < sizeof kinds / sizeof kinds[0]; i++) {
        is_same = is_same_config(&a, &b, kinds[i]);
    }
    return is_same;
}

void run_require_loaded(rr_status status, const rr_error *err, const char *path,
                        const run_origin *origin, const world *w)
{
    if (status != RR_E_MISMATCH || w->items == NULL) {
        text_require_file(status, err, path);
        return;
    }
    const run_data now = data_of(w);
    const run_data had = origin->had;
    char change[256] = "its contents have changed";
    if (had.n_rows > 0 &&
        (now.n_rows != had.n_rows || now.n_users != had.n_users || now.n_items != had.n_items)) {
        snprintf(change, sizeof change,
                 "it had %s rows of %s users and %s items, and has %s of %s users and %s items now",
                 text_count(had.n_rows), text_count(had.n_users), text_count(had.n_items),
                 text_count(now.n_rows), text_count(now.n_users), text_count(now.n_items));
    }
    text_fail("%s was made from another state of %s: %s. A world is learned from its file: give "
              "--data the file as it was, or train a new run on this one",
              path, w->path, change);
}

void run_load(run *r, const char *path, const run_origin *origin)
{
    rr_error err;
    rr_checkpoint target = {.struct_size = sizeof target, .agent = r->agent, .env = r->env};
    run_require_loaded(rr_checkpoint_load(&target, path, &err), &err, path, origin, r->w);
    char *blob = read_blob(path);
    char *rest = blob;
    char *line = NULL;
    int32_t n = 0;
    while ((line = next_line(&rest)) != NULL) {
        const char *value = behind(line, "open");
        if (value != NULL && n < r->s->env.n_envs) {
            char *end = NULL;
            r->open_returns[n] = strtof(value, &end);
            r->open_lengths[n] = (int32_t)strtol(end, NULL, 10);
            n += 1;
        }
    }
    free(blob);
    if (n != r->s->env.n_envs) {
        text_fail("%s has %d open sessions; there must be %d", path, (int)n, (int)r->s->env.n_envs);
    }
}
