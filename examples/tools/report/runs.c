/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/text.h"
#include "stage.h"

/* A folder, or the name of one in runs/. */
static void set_name(run_record *record, const char *what)
{
    char path[1100];
    char named[1100];
    struct stat is_there;
    snprintf(path, sizeof path, "%s/about.txt", what);
    snprintf(named, sizeof named, "runs/%s/about.txt", what);
    const bool is_name = stat(path, &is_there) != 0 && stat(named, &is_there) == 0;
    snprintf(named, sizeof named, "runs/%s", what);
    const char *folder = is_name ? named : what;
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') {
        n -= 1;
    }
    if (n >= sizeof record->folder) {
        text_fail("%s: the path is too long", folder);
    }
    memcpy(record->folder, folder, n);
    record->folder[n] = '\0';
    const char *slash = strrchr(record->folder, '/');
    snprintf(record->name, sizeof record->name, "%s", slash != NULL ? slash + 1 : record->folder);
}

/* The name without the seed at its end. */
static void stem_of(char *out, size_t capacity, const char *name)
{
    snprintf(out, capacity, "%s", name);
    size_t n = strlen(out);
    while (n > 0 && isdigit((unsigned char)out[n - 1])) {
        n -= 1;
    }
    if (n > 1 && out[n] != '\0' && out[n - 1] == '-') {
        out[n - 1] = '\0';
    }
}

/* Runs of one stem are seeds of one recipe where their worlds are of one kind. */
static int find_group(runs *r, const char *stem, const run_record *record)
{
    for (int i = 0; i < r->n_groups; i++) {
        if (strcmp(r->groups[i].name, stem) == 0 &&
            stage_is_alike(&r->at[r->groups[i].members[0]], record)) {
            return i;
        }
    }
    if (r->n_groups == RUNS_MOST_GROUPS) {
        text_fail("a report shows at most %d kinds of runs side by side", RUNS_MOST_GROUPS);
    }
    snprintf(r->groups[r->n_groups].name, sizeof r->groups[0].name, "%s", stem);
    return r->n_groups++;
}

/* health.csv: n_updates,n_timesteps,"sentence". A run of an older release has none. */
static void read_warnings(run_record *record)
{
    char path[1100];
    char line[1024];
    snprintf(path, sizeof path, "%s/health.csv", record->folder);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        return;
    }
    while (record->n_warnings < RUNS_MOST_WARNINGS && fgets(line, sizeof line, in) != NULL) {
        char *end = NULL;
        const long long update = strtoll(line, &end, 10);
        char *sentence = strchr(line, '"');
        if (end == line || *end != ',' || sentence == NULL) {
            continue; /* the heading */
        }
        const int n = record->n_warnings++;
        record->warnings[n].update = update;
        record->warnings[n].timesteps = strtod(end + 1, NULL);
        sentence[1 + strcspn(sentence + 1, "\"\n")] = '\0';
        snprintf(record->warnings[n].sentence, sizeof record->warnings[0].sentence, "%s",
                 sentence + 1);
    }
    fclose(in);
}

void runs_add(runs *r, const char *folder)
{
    char path[1100];
    char stem[256];
    if (r->n == RUNS_MOST) {
        text_fail("a report shows at most %d runs", RUNS_MOST);
    }
    run_record *record = &r->at[r->n];
    set_name(record, folder);
    snprintf(path, sizeof path, "%s/about.txt", record->folder);
    about_read(&record->about, path);
    snprintf(path, sizeof path, "%s/log.csv", record->folder);
    curves_read(&record->log, path);
    read_warnings(record);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", record->folder);
    strcpy(record->checkpoint, path);
    run_read_settings(&record->s, &record->origin, record->checkpoint);
    stem_of(stem, sizeof stem, record->name);
    record->group = find_group(r, stem, record);
    run_group *group = &r->groups[record->group];
    group->members[group->n++] = r->n;
    r->n += 1;
}

void runs_close(runs *r)
{
    for (int i = 0; i < r->n; i++) {
        curves_free(&r->at[i].log);
    }
}

int runs_window(const run_record *record)
{
    const settings *s = &record->s;
    const int32_t n_steps = settings_n_steps(s);
    const int whole = (int)((s->env.max_episode_steps + n_steps - 1) / n_steps);
    const int smooth = record->log.n_rows / 60; /* a curve is read, not its noise */
    return whole > smooth ? whole : smooth > 0 ? smooth : 1;
}
