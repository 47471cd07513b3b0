/* SPDX-License-Identifier: MIT */
#include "flags.h"

#include <stdio.h>
#include <string.h>

#include "flags_file.h"
#include "guess.h"
#include "screen.h"
#include "text.h"

static rr_algo algo_at(int32_t index)
{
    rr_error err;
    rr_algo algo = {.struct_size = sizeof algo};
    text_require(rr_algo_at(index, &algo, &err), &err);
    return algo;
}

const char *flags_algo_names(void)
{
    static char names[128];
    if (names[0] == '\0') {
        for (int32_t i = 0; i < rr_algo_count(); i++) {
            const size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : "|", algo_at(i).name);
        }
    }
    return names;
}

int32_t flags_algo(const char *value)
{
    for (int32_t i = 0; i < rr_algo_count(); i++) {
        if (strcmp(value, algo_at(i).name) == 0) {
            return i;
        }
    }
    text_fail("--algo is \"%s\"; it must be %s", value, flags_algo_names());
}

const char *flags_algo_name(int32_t algo)
{
    return algo_at(algo).name;
}

static rr_config_field field_at(int32_t kind, int32_t index)
{
    rr_config_field field = {.struct_size = sizeof field};
    rr_error err;
    text_require(rr_config_field_at(kind, index, &field, &err), &err);
    return field;
}

/* The part of `field` behind the prefix of `kind`; NULL where it has another. */
static const char *without_prefix(int32_t kind, const char *field)
{
    const char *prefix = settings_prefix(kind);
    const size_t n = strlen(prefix);
    return strncmp(field, prefix, n) == 0 && field[n] == '_' ? field + n + 1 : NULL;
}

/* Whether `field` sets the config of `kind`, and by what name there. The buffer follows from the
 * rest: no flag sets it. */
static const char *name_in(int32_t kind, const char *field)
{
    if (kind == RR_CONFIG_BUFFER || settings_prefix(kind) == NULL) {
        return NULL;
    }
    const char *behind = without_prefix(kind, field);
    if (behind != NULL && settings_field_index(kind, behind) >= 0) {
        return behind;
    }
    /* --seed is the run's; the others follow from it unless set by their own flag. */
    const bool is_kept = strcmp(field, "seed") == 0 && kind != RR_CONFIG_TRAIN;
    return !is_kept && settings_field_index(kind, field) >= 0 ? field : NULL;
}

/* Whether any config has it (all kinds), and whether it is a bool. */
static bool is_field(const char *field, bool *is_bool)
{
    bool is_found = false;
    *is_bool = false;
    for (int32_t kind = RR_CONFIG_ENV; kind < SETTINGS_KINDS; kind++) {
        const char *name = name_in(kind, field);
        if (name != NULL) {
            const rr_config_field f = field_at(kind, settings_field_index(kind, name));
            is_found = true;
            *is_bool = strcmp(f.type, "bool") == 0;
        }
    }
    return is_found;
}

flags_option flags_row_runs(const char **value)
{
    return (flags_option){"runs", "DIR", "where folders of runs are (default runs)", value, NULL};
}

flags_option flags_row_memory_limit(const char **value)
{
    return (flags_option){"memory-limit", "BYTES",
                          "refuse interactions that need more, say 2G (decimal K, M, G, T)", value,
                          NULL};
}

flags_option flags_row_bandits(const char **value)
{
    return (flags_option){
        "bandits", "N",
        "also ridge, LinUCB and Thompson sampling, after N rows of their own (slow)", value, NULL};
}

int64_t flags_count(const char *flag, const char *text, int64_t least, int64_t most,
                    int64_t missing)
{
    if (text == NULL) {
        return missing;
    }
    const int64_t n = text_parse_count(flag, text);
    if (n < least || n > most) {
        text_fail("%s is %s; it must be in [%lld, %lld]", flag, text, (long long)least,
                  (long long)most);
    }
    return n;
}

static const flags_option *find_option(const flags_option *options, int n_options, const char *name)
{
    for (int i = 0; i < n_options; i++) {
        if (name[0] != '\0' && strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* `word` without dashes in front and value behind, with the separator asked for. */
static void normalise(char *out, size_t capacity, const char *word, char separator)
{
    size_t n = 0;
    for (const char *c = word; *c != '\0' && *c != '=' && n + 1 < capacity; c++) {
        out[n++] = *c == '-' || *c == '_' ? separator : *c;
    }
    out[n] = '\0';
}

/* The value of a flag: behind '=', else the next word. */
static const char *take_value(char **argv, int argc, int *i, const char *name)
{
    const char *equals = strchr(argv[*i], '=');
    if (equals != NULL) {
        return equals + 1;
    }
    const char *place = flags_file_place(argv[*i]);
    if (*i + 1 >= argc || place[0] != '\0') { /* in a file it would stand in the same line */
        text_fail("%s--%s wants a value", place, name);
    }
    *i += 1;
    return argv[*i];
}

void flags_add(flags_fields *fields, const char *field, const char *value)
{
    if (fields->n == (int)(sizeof fields->at / sizeof fields->at[0])) {
        text_fail("too many flags");
    }
    normalise(fields->at[fields->n].name, sizeof fields->at[0].name, field, '-');
    normalise(fields->at[fields->n].field, sizeof fields->at[0].field, field, '_');
    fields->at[fields->n].value = value;
    fields->n += 1;
}

/* There is no such flag; which one was probably meant. */
_Noreturn static void refuse(const flags_option *options, int n_options, bool has_fields,
                             const char *word, const char *name)
{
    guess g;
    char field[64];
    guess_begin(&g, name);
    for (int i = 0; i < n_options; i++) {
        if (options[i].name[0] != '\0') {
            guess_offer(&g, options[i].name);
        }
    }
    for (int32_t kind = RR_CONFIG_ENV; has_fields && kind < SETTINGS_KINDS; kind++) {
        for (int32_t i = 0; i < rr_config_field_count(kind); i++) {
            const rr_config_field f = field_at(kind, i);
            if (name_in(kind, f.name) != NULL) {
                normalise(field, sizeof field, f.name, '-');
                guess_offer(&g, field);
            }
        }
    }
    if (g.best[0] != '\0') {
        text_fail("%sthere is no flag --%s; did you mean --%s? (see --help)",
                  flags_file_place(word), name, g.best);
    }
    text_fail("%sthere is no flag --%s; see --help", flags_file_place(word), name);
}

/* A word that is no flag. */
static void take_word(flags_words *words, const char *word)
{
    if (words == NULL || word[0] == '-') {
        text_fail("\"%s\" is not a flag; see --help", word);
    }
    if (words->n == words->most) {
        text_fail("at most %d word%s taken that %s no flag; \"%s\" is one more", words->most,
                  words->most == 1 ? " is" : "s are", words->most == 1 ? "is" : "are", word);
    }
    words->at[words->n++] = word;
}

void flags_parse(flags_fields *fields, flags_words *words, const flags_option *options,
                 int n_options, int argc, char **argv)
{
    if (fields != NULL) {
        fields->n = 0;
    }
    for (int i = 1; i < argc; i++) {
        argv[i] = strcmp(argv[i], "-h") == 0   ? "--help"
                  : strcmp(argv[i], "-o") == 0 ? "--out"
                                               : argv[i];
        if (strncmp(argv[i], "--", 2) != 0) {
            take_word(words, argv[i]);
            continue;
        }
        char name[64];
        char field[64];
        normalise(name, sizeof name, argv[i] + 2, '-');
        normalise(field, sizeof field, argv[i] + 2, '_');
        const flags_option *option = find_option(options, n_options, name);
        bool is_bool = false;
        if (option != NULL && option->is_on != NULL) {
            *option->is_on = true;
        } else if (option != NULL) {
            *option->value = take_value(argv, argc, &i, name);
        } else if (fields != NULL && is_field(field, &is_bool)) {
            const bool is_bare = is_bool && strchr(argv[i], '=') == NULL &&
                                 (i + 1 >= argc || strncmp(argv[i + 1], "--", 2) == 0 ||
                                  flags_file_place(argv[i])[0] != '\0');
            flags_add(fields, name, is_bare ? "true" : take_value(argv, argc, &i, name));
        } else {
            refuse(options, n_options, fields != NULL, argv[i], name);
        }
    }
}

const char *flags_value(const flags_fields *fields, const char *field)
{
    const char *value = NULL;
    for (int i = 0; i < fields->n; i++) {
        value = strcmp(fields->at[i].field, field) == 0 ? fields->at[i].value : value;
    }
    return value;
}

static bool is_in_run(const settings *s, int32_t kind)
{
    bool is_of_another = false;
    for (int32_t i = 0; i < rr_algo_count(); i++) {
        is_of_another |= i != s->algo && algo_at(i).config_kind == kind;
    }
    return !is_of_another;
}

void flags_apply(const flags_fields *fields, settings *s)
{
    for (int i = 0; i < fields->n; i++) {
        bool is_used = false;
        for (int32_t kind = RR_CONFIG_ENV; kind < SETTINGS_KINDS; kind++) {
            const char *name = name_in(kind, fields->at[i].field);
            if (name != NULL && is_in_run(s, kind)) {
                settings_give(s, kind, name, fields->at[i].value);
                is_used = true;
            }
        }
        if (!is_used) {
            text_fail("--%s is not a field of %s", fields->at[i].name, flags_algo_name(s->algo));
        }
    }
}

/* Sets `name` on a copy and compares both as text: 1e-2 and 0.01 are the same. */
static void require_same(settings *s, int32_t kind, const char *name, const char *flag,
                         const char *value)
{
    char before[128];
    char after[128];
    rr_error err;
    settings copy = *s;
    text_require(rr_config_get(settings_config(s, kind), name, before, sizeof before, &err), &err);
    settings_give(&copy, kind, name, value);
    text_require(rr_config_get(settings_config(&copy, kind), name, after, sizeof after, &err),
                 &err);
    if (strcmp(before, after) != 0) {
        text_fail("--%s is %s, but the checkpoint was made with %s", flag, after, before);
    }
}

static bool is_among(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

void flags_apply_to_checkpoint(const flags_fields *fields, settings *s,
                               const char *const *free_fields)
{
    for (int i = 0; i < fields->n; i++) {
        bool is_compared = false;
        for (int32_t kind = RR_CONFIG_ENV; kind < SETTINGS_KINDS; kind++) {
            const char *name = name_in(kind, fields->at[i].field);
            if (name == NULL || !is_in_run(s, kind)) {
                continue;
            }
            /* The first config that has the field leads; in the others it may have been derived. */
            if (kind == RR_CONFIG_HEALTH || is_among(free_fields, name)) {
                settings_give(s, kind, name, fields->at[i].value);
            } else if (!is_compared) {
                require_same(s, kind, name, fields->at[i].name, fields->at[i].value);
                is_compared = true;
            }
        }
    }
}

void flags_print_options(FILE *out, const flags_option *options, int n_options)
{
    for (int i = 0; i < n_options; i++) {
        char left[64];
        if (options[i].name[0] == '\0') {
            fprintf(out, "%s%s:\n", i > 0 ? "\n" : "", options[i].text);
            continue;
        }
        const char *value = options[i].value_name;
        snprintf(left, sizeof left, "  --%s%s%s", options[i].name, value != NULL ? " " : "",
                 value != NULL ? value : "");
        screen_entry(out, left, FLAGS_COLUMN, "%s", options[i].text);
    }
}

void flags_field_name(char out[80], int32_t kind, const char *field)
{
    const bool is_plain = name_in(kind, field) != NULL;
    snprintf(out, 80, "--%s%s%s", is_plain ? "" : settings_prefix(kind), is_plain ? "" : "-",
             field);
    for (char *c = out + 2; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
}

void flags_print_field(FILE *out, const char *left, const rr_config_field *field)
{
    screen_entry(out, left, FLAGS_COLUMN, "%s (%s, %s; default %s)", field->text, field->type,
                 field->range, field->default_value);
}

void flags_print_tables(FILE *out, const int32_t *kinds)
{
    fputc('\n', out);
    screen_paragraph(
        out, 0,
        "Fields. --field sets it in each config of the run that has it, --config-field "
        "in that one alone (--agent-seed). A bool without a value is true.");
    for (; *kinds >= 0; kinds++) {
        fprintf(out, "\n%s config:\n", settings_prefix(*kinds));
        const int32_t n = rr_config_field_count(*kinds);
        for (int32_t i = 0; i < n; i++) {
            const rr_config_field field = field_at(*kinds, i);
            char name[80], left[84];
            flags_field_name(name, *kinds, field.name);
            snprintf(left, sizeof left, "  %s", name);
            flags_print_field(out, left, &field);
        }
    }
}
