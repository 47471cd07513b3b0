/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "driver/flags.h"
#include "driver/guess.h"
#include "driver/text.h"
#include "stage.h"

static bool is_run(const char *folder)
{
    char path[1200];
    struct stat is_there;
    snprintf(path, sizeof path, "%s/about.txt", folder);
    return stat(path, &is_there) == 0;
}

/* There is no such run; which one was probably meant. */
_Noreturn static void refuse(const char *where, const char *what)
{
    guess g;
    guess_begin(&g, what);
    DIR *folder = opendir(where);
    for (struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            guess_offer(&g, entry->d_name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    text_fail("%s: there is no run of this name in %s, and it is no folder of one%s%s%s", what,
              where, g.best[0] != '\0' ? "; did you mean " : "", g.best,
              g.best[0] != '\0' ? "?" : "");
}

/* A folder, or the name of one in `where`. */
static void set_name(run_record *record, const char *where, const char *what)
{
    char named[1100];
    snprintf(named, sizeof named, "%s/%s", where, what);
    const char *folder = is_run(what) ? what : named;
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') {
        n -= 1;
    }
    if (n >= sizeof record->folder) {
        text_fail("%s: the path is too long", folder);
    }
    if (!is_run(folder)) {
        refuse(where, what);
    }
    memcpy(record->folder, folder, n);
    record->folder[n] = '\0';
    const char *slash = strrchr(record->folder, '/');
    snprintf(record->name, sizeof record->name, "%s", slash != NULL ? slash + 1 : record->folder);
}

const char *runs_algo(const runs *r, int group)
{
    static char name[32];
    snprintf(name, sizeof name, "%s", flags_algo_name(r->at[r->groups[group].members[0]].s.algo));
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return name;
}

void runs_label(char out[320], const runs *r, int group)
{
    bool is_alone = true;
    const int32_t algo = r->at[r->groups[group].members[0]].s.algo;
    for (int g = 0; g < r->n_groups; g++) {
        is_alone = is_alone && (g == group || r->at[r->groups[g].members[0]].s.algo != algo);
    }
    snprintf(out, 320, "%s%s%s", runs_algo(r, group), is_alone ? "" : " · ",
             is_alone ? "" : r->groups[group].name);
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

void runs_add(runs *r, const char *where, const char *what)
{
    char path[1100];
    char stem[256];
    if (r->n == RUNS_MOST) {
        text_fail("a report shows at most %d runs", RUNS_MOST);
    }
    run_record *record = &r->at[r->n];
    set_name(record, where, what);
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
