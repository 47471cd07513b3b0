/* SPDX-License-Identifier: MIT */
#include "flags_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

enum { LINE_BYTES = 4352 };

typedef struct words {
    int n, capacity;
    char **at;
} words;

/* Where the words of files stood, in the order of their words. */
typedef struct place {
    const char *word, *path;
    int line;
} place;

static place *places = NULL;
static int n_places = 0;

static void remember_place(const char *word, const char *path, int line)
{
    places = realloc(places, ((size_t)n_places + 1) * sizeof *places);
    if (places == NULL) {
        text_fail("no memory for the flags");
    }
    places[n_places++] = (place){word, path, line};
}

const char *flags_file_place(const char *word)
{
    static char text[4352];
    text[0] = '\0';
    for (int i = 0; i < n_places; i++) {
        if (places[i].word == word) {
            snprintf(text, sizeof text, "--config %s: line %d: ", places[i].path, places[i].line);
        }
    }
    return text;
}

static void push(words *w, char *word)
{
    if (w->n == w->capacity) {
        w->capacity = w->capacity > 0 ? 2 * w->capacity : 64;
        w->at = realloc(w->at, (size_t)w->capacity * sizeof *w->at);
        if (w->at == NULL) {
            text_fail("no memory for the flags");
        }
    }
    w->at[w->n++] = word;
}

/* "name value" becomes "--name=value", "name" alone a switch. */
static void push_line(words *w, const char *line, const char *path, int number)
{
    const size_t name = strcspn(line, " \t=");
    const char *value = line + name + strspn(line + name, " \t=");
    const size_t bytes = strlen(line) + 4;
    char *word = text_allocate(bytes, 1);
    snprintf(word, bytes, value[0] != '\0' ? "--%.*s=%s" : "--%.*s%s", (int)name, line, value);
    remember_place(word, path, number);
    push(w, word);
}

static void push_file(words *w, const char *path)
{
    char line[LINE_BYTES];
    struct stat about;
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        text_fail("--config is \"%s\": %s", path, strerror(errno));
    }
    if (fstat(fileno(in), &about) == 0 && S_ISDIR(about.st_mode)) {
        text_fail("--config is \"%s\", a folder; it must be a file of flags", path);
    }
    for (int n = 1; fgets(line, sizeof line, in) != NULL; n++) {
        char *begin = line + strspn(line, " \t");
        size_t end = strcspn(begin, "\r\n");
        while (end > 0 && (begin[end - 1] == ' ' || begin[end - 1] == '\t')) {
            end -= 1;
        }
        begin[end] = '\0';
        if (begin[0] == '-' || strncmp(begin, "config", 6) == 0) {
            text_fail(
                "--config %s: line %d is \"%s\"; it must be a flag without dashes, other than "
                "config",
                path, n, begin);
        }
        if (begin[0] != '\0' && begin[0] != '#') {
            push_line(w, begin, path, n);
        }
    }
    fclose(in);
}

/* The file that argv[*i] names, if it is --config. */
static const char *file_at(int argc, char **argv, int *i)
{
    if (strncmp(argv[*i], "--config=", 9) == 0) {
        return argv[*i] + 9;
    }
    if (strcmp(argv[*i], "--config") != 0) {
        return NULL;
    }
    if (*i + 1 >= argc) {
        text_fail("--config wants a value");
    }
    *i += 1;
    return argv[*i];
}

char **flags_file_expand(int *argc, char **argv)
{
    words files = {0};
    words line = {0};
    push(&files, argv[0]);
    for (int i = 1; i < *argc; i++) {
        char *word = argv[i];
        const char *path = file_at(*argc, argv, &i);
        if (path != NULL) {
            push_file(&files, path);
        } else {
            push(&line, word);
        }
    }
    for (int i = 0; i < line.n; i++) {
        push(&files, line.at[i]);
    }
    free(line.at);
    *argc = files.n;
    return files.at;
}

static void write_field(FILE *out, settings *s, int32_t kind, int32_t index)
{
    rr_error err;
    char value[128];
    char name[64];
    rr_config_field field = {.struct_size = sizeof field};
    text_require(rr_config_field_at(kind, index, &field, &err), &err);
    text_require(rr_config_get(settings_config(s, kind), field.name, value, sizeof value, &err),
                 &err);
    snprintf(name, sizeof name, "%s", field.name);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    const bool is_left =
        settings_follows(kind, field.name) && !settings_is_given(s, kind, field.name);
    fprintf(out, "%s%s-%s %s\n", is_left ? "# follows: " : "", settings_prefix(kind), name, value);
}

void flags_file_write(FILE *out, const settings *s)
{
    settings copy = *s;
    const int32_t kinds[] = {RR_CONFIG_TRAIN,       RR_CONFIG_ENV,    RR_CONFIG_AGENT,
                             settings_algo_kind(s), RR_CONFIG_HEALTH, RR_CONFIG_ALS};
    const int n_kinds = s->is_learned ? 6 : 5;
    for (int k = 0; k < n_kinds; k++) {
        fputc('\n', out);
        for (int32_t i = 0; i < rr_config_field_count(kinds[k]); i++) {
            write_field(out, &copy, kinds[k], i);
        }
    }
}
