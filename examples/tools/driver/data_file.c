/* SPDX-License-Identifier: MIT */
#include "data_file.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "text_stream.h"

/* ── options ─────────────────────────────────────────────────────────────────────────────────── */

static const char *const flags[] = {"columns", "separator",       "header",  "quotes",
                                    "comment", "skip-incomplete", "positive"};
enum { N_FLAGS = sizeof flags / sizeof flags[0] };

static const char *const column_words[] = {"user", "item",     "rating",
                                           "time", "position", "propensity"};
enum { N_COLUMNS = sizeof column_words / sizeof column_words[0] };

static char *option_at(data_options *o, size_t i, size_t *capacity)
{
    char *const all[N_FLAGS] = {o->columns, o->separator,       o->header,  o->quotes,
                                o->comment, o->skip_incomplete, o->positive};
    const size_t sizes[N_FLAGS] = {
        sizeof o->columns, sizeof o->separator,       sizeof o->header,  sizeof o->quotes,
        sizeof o->comment, sizeof o->skip_incomplete, sizeof o->positive};
    *capacity = sizes[i];
    return all[i];
}

/* The columns of a text "user=a,item=3", cut at its commas, as they are named in `out`. */
static void read_columns(const char *out[N_COLUMNS], char text[512])
{
    for (int i = 0; i < N_COLUMNS; i++) {
        out[i] = NULL;
    }
    for (char *rest = text; rest != NULL;) {
        char *const part = rest;
        rest = strchr(part, ',');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        char *const equals = strchr(part, '=');
        int at = 0;
        if (equals != NULL) {
            *equals = '\0';
        }
        while (at < N_COLUMNS && strcmp(part, column_words[at]) != 0) {
            at++;
        }
        if (equals == NULL || at == N_COLUMNS) {
            text_fail("--columns has \"%s\"; it must be user=, item=, rating=, time=, position= or "
                      "propensity= with the name or the number of a column, with commas between "
                      "them",
                      part);
        }
        if (out[at] != NULL) {
            text_fail("--columns has %s= twice", part);
        }
        out[at] = equals + 1;
    }
}

/* "rating>=4": the name, what it is compared by, and with what. */
typedef struct rule {
    char name[64];
    char by[3];
    double limit;
} rule;

static bool read_rule(rule *r, const char *text)
{
    const size_t n = strcspn(text, "<>=");
    const char *const by = text + n;
    const size_t n_by = strspn(by, "<>=");
    char *end = NULL;
    if (n < 1 || n >= sizeof r->name || n_by < 1 || n_by > 2) {
        return false;
    }
    snprintf(r->name, sizeof r->name, "%.*s", (int)n, text);
    for (char *last = r->name + n; last > r->name && last[-1] == ' ';) {
        *--last = '\0';
    }
    snprintf(r->by, sizeof r->by, "%.*s", (int)n_by, by);
    r->limit = strtod(by + n_by, &end);
    return end != by + n_by && *end == '\0' && isfinite(r->limit) &&
           (strcmp(r->by, ">=") == 0 || strcmp(r->by, ">") == 0 || strcmp(r->by, "<=") == 0 ||
            strcmp(r->by, "<") == 0 || strcmp(r->by, "==") == 0);
}

static void check_option(const char *flag, const char *value)
{
    rule r;
    const bool is_yes = strcmp(value, "yes") == 0, is_no = strcmp(value, "no") == 0;
    if (strcmp(flag, "columns") == 0) {
        const char *columns[N_COLUMNS];
        char text[512];
        snprintf(text, sizeof text, "%s", value);
        read_columns(columns, text);
    } else if (strcmp(flag, "header") == 0 && !is_yes && !is_no && strcmp(value, "auto") != 0) {
        text_fail("--header is \"%s\"; it must be yes, no or auto", value);
    } else if (strcmp(flag, "quotes") == 0 && !is_yes && !is_no) {
        text_fail("--quotes is \"%s\"; it must be yes or no", value);
    } else if (strcmp(flag, "comment") == 0 && strlen(value) > 1 && strcmp(value, "none") != 0) {
        text_fail("--comment is \"%s\"; it must be one character, or none", value);
    } else if (strcmp(flag, "positive") == 0 && !read_rule(&r, value)) {
        text_fail("--positive is \"%s\"; it must be a column, one of >= > <= < ==, and a number, "
                  "as 'rating>=4'",
                  value);
    }
}

void data_options_set(data_options *o, const char *flag, const char *value)
{
    for (size_t i = 0; i < N_FLAGS; i++) {
        if (strcmp(flag, flags[i]) == 0) {
            size_t capacity = 0;
            char *const own = option_at(o, i, &capacity);
            if (strlen(value) >= capacity || strchr(value, '\n') != NULL) {
                text_fail("--%s has %zu characters; it must have at most %zu, in one line", flag,
                          strlen(value), capacity - 1);
            }
            check_option(flag, value);
            strcpy(own, value);
        }
    }
}

void data_options_write(FILE *out, const data_options *o)
{
    data_options copy = *o;
    for (size_t i = 0; i < N_FLAGS; i++) {
        size_t capacity = 0;
        const char *const own = option_at(&copy, i, &capacity);
        if (own[0] != '\0') {
            fprintf(out, "%s %s\n", flags[i], own);
        }
    }
}

bool data_options_take(data_options *o, const char *line)
{
    for (size_t i = 0; i < N_FLAGS; i++) {
        const size_t n = strlen(flags[i]);
        if (strncmp(line, flags[i], n) == 0 && line[n] == ' ') {
            data_options_set(o, flags[i], line + n + 1);
            return true;
        }
    }
    return false;
}

void data_options_require_same(const data_options *given, const data_options *before)
{
    data_options own = *given, old = *before;
    for (size_t i = 0; i < N_FLAGS; i++) {
        size_t capacity = 0;
        const char *const a = option_at(&own, i, &capacity), *const b =
                                                                 option_at(&old, i, &capacity);
        if (a[0] != '\0' && strcmp(a, b) != 0) {
            text_fail("--%s is \"%s\", but the checkpoint was made with %s%s%s", flags[i], a,
                      b[0] != '\0' ? "\"" : "", b[0] != '\0' ? b : "what the file shows",
                      b[0] != '\0' ? "\"" : "");
        }
    }
}

/* "tab", "blanks" and "space" are words for what is hard to type. */
static const char *separator_of(const char *text)
{
    return strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0        ? "\t"
           : strcmp(text, "blanks") == 0 || strcmp(text, "space") == 0 ? " "
           : strcmp(text, "comma") == 0                                ? ","
           : strcmp(text, "semicolon") == 0                            ? ";"
                                                                       : text;
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────────── */

static void set_options(rr_load_options *options, const data_options *o, char columns[512])
{
    const char *named[N_COLUMNS] = {NULL};
    if (o->columns[0] != '\0') {
        snprintf(columns, 512, "%s", o->columns);
        read_columns(named, columns);
    }
    options->user_column = named[0];
    options->item_column = named[1];
    options->rating_column = named[2];
    options->time_column = named[3];
    options->position_column = named[4];
    options->propensity_column = named[5];
    options->separator = o->separator[0] != '\0' ? separator_of(o->separator) : NULL;
    options->comment = o->comment[0] == '\0'             ? NULL
                       : strcmp(o->comment, "none") == 0 ? ""
                                                         : o->comment;
    options->header = strcmp(o->header, "yes") == 0  ? RR_HEADER_YES
                      : strcmp(o->header, "no") == 0 ? RR_HEADER_NO
                                                     : RR_HEADER_AUTO;
    options->has_quotes = strcmp(o->quotes, "no") != 0;
    options->skips_incomplete = o->skip_incomplete[0] != '\0';
}

/* Lines of JSON, or of Python dictionaries. */
static bool has_objects(const data_told *told)
{
    return strstr(told->form, "JSON") != NULL || strstr(told->form, "Python") != NULL;
}

/* Of objects the text that the library reads has one line more in front, and other columns. */
static void fail_json(const char *path, const rr_error *err)
{
    const size_t n = strlen(path);
    char *rest = NULL;
    if (strncmp(err->text, path, n) == 0 && err->text[n] == ':') {
        const unsigned long long line = strtoull(err->text + n + 1, &rest, 10);
        const char *const sentence = *rest == ':' ? strchr(rest + 1, ' ') : NULL;
        if (sentence != NULL) {
            text_fail("%s:%llu:%s", path, line > 1 ? line - 1 : 1, sentence);
        }
    }
    text_fail("%s", err->text);
}

static rr_dataset *load(data_told *told, const char *path, const data_options *o,
                        uint64_t memory_limit, int32_t num_threads)
{
    rr_error err;
    rr_dataset *dataset = NULL;
    rr_load_options options;
    char columns[512];
    text_stream *const stream = text_stream_open(path);
    rr_load_options_init(&options, sizeof options);
    options.memory_limit = memory_limit;
    options.num_threads = num_threads;
    set_options(&options, o, columns);
    snprintf(told->path, sizeof told->path, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    snprintf(told->form, sizeof told->form, "%s", text_stream_form(stream));
    told->is_pipe = text_stream_is_pipe(stream);
    if (!text_stream_is_plain(stream)) {
        options.read = text_stream_read;
        options.read_user = stream;
    }
    const rr_status status = rr_dataset_load(&dataset, told->path, &options, NULL, &err);
    if (status != RR_OK && text_stream_error(stream)[0] != '\0') {
        text_fail("%s", text_stream_error(stream));
    }
    if (status != RR_OK && has_objects(told)) {
        fail_json(told->path, &err);
    }
    if (status == RR_E_MEMORY && memory_limit > 0) {
        text_require_file(status, &err, "--memory-limit");
    }
    text_require(status, &err);
    text_stream_close(stream);
    return dataset;
}

/* The source, with texts that outlive the dataset. */
static void tell(data_told *told, const rr_dataset *dataset)
{
    rr_error err;
    rr_dataset_view view = {.struct_size = sizeof view};
    told->source = (rr_dataset_source){.struct_size = sizeof told->source};
    text_require(rr_dataset_describe_source(dataset, &told->source, &err), &err);
    text_require(rr_dataset_describe(dataset, &view, &err), &err);
    const char **const texts[] = {&told->source.separator,       &told->source.unused,
                                  &told->source.user_column,     &told->source.item_column,
                                  &told->source.rating_column,   &told->source.time_column,
                                  &told->source.position_column, &told->source.propensity_column};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        snprintf(told->texts[i], sizeof told->texts[i], "%s", *texts[i]);
        *texts[i] = told->texts[i];
    }
    told->n_users = view.n_users;
    told->n_items = view.n_items;
    told->has_ratings = view.has_ratings != 0;
    told->has_times = view.has_times != 0;
    told->n_positive = view.n;
}

/* ── positives ───────────────────────────────────────────────────────────────────────────────── */

/* In lower case, letters and digits alone, up to a type. */
static void normalise(char out[64], const char *name)
{
    size_t n = 0;
    for (; *name != '\0' && *name != ':' && n < 63; name++) {
        if (isalnum((unsigned char)*name)) {
            out[n++] = (char)tolower((unsigned char)*name);
        }
    }
    out[n] = '\0';
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

/* What the column of ratings is called. */
static const char *rating_name(const data_told *told, char out[64])
{
    if (told->source.rating_column[0] != '\0') {
        return told->source.rating_column;
    }
    snprintf(out, 64, "column %d", (int)told->source.rating_number);
    return out;
}

static bool is_watch_ratio(const data_told *told)
{
    char name[64];
    normalise(name, told->source.rating_column);
    return strcmp(name, "watchratio") == 0;
}

/* A rule for ratings of this name, of which the largest is `largest`. */
static void find_rule(data_told *told, double largest)
{
    static const char *const grades[] = {"",      "rating",  "ratings",    "stars",
                                         "score", "overall", "bookrating", NULL};
    char name[64];
    normalise(name, told->source.rating_column);
    if (is_watch_ratio(told)) {
        snprintf(told->positive, sizeof told->positive, "rating>=1");
        snprintf(told->why, sizeof told->why, "watched to the end");
    } else if (!told->is_unrated && is_one_of(name, grades) && largest > 1.0 && largest <= 100.0) {
        snprintf(told->positive, sizeof told->positive, "rating>=%g", 0.8 * largest);
        snprintf(told->why, sizeof told->why, "four fifths of the largest, %g", largest);
    } else {
        snprintf(told->positive, sizeof told->positive, "rating>0");
        char shown[64];
        snprintf(told->why, sizeof told->why, "%s counts or judges", rating_name(told, shown));
    }
}

/* Whether the column of ratings counts or judges, by its name. Files without names whose fourth
 * column is taken for ratings unasked are hours and plays (docs/data.md). */
static bool is_unrated(const data_told *told, const data_options *o)
{
    static const char *const names[] = {"click",      "isclick",       "clicked",   "label",
                                        "watchratio", "isrecommended", "playcount", "plays",
                                        "weight",     "playhours",     "hours",     NULL};
    char name[64];
    normalise(name, told->source.rating_column);
    return is_one_of(name, names) ||
           (!told->source.has_header && o->columns[0] == '\0' && told->source.rating_number == 4);
}

/* The rule is about the column of ratings. */
static void take_rule(data_told *told, const char *given)
{
    rule r;
    char wanted[64], own[64];
    if (!told->has_ratings) {
        text_fail("--positive is \"%s\", but %s has no ratings: every interaction is positive",
                  given, told->path);
    }
    (void)read_rule(&r, given);
    normalise(wanted, r.name);
    normalise(own, told->source.rating_column);
    if (strcmp(wanted, "rating") != 0 && strcmp(wanted, own) != 0) {
        text_fail("--positive is \"%s\", but the ratings of %s are in column %s (--columns "
                  "rating=%s reads another one)",
                  given, told->path,
                  told->source.rating_column[0] != '\0' ? told->source.rating_column : "rating",
                  r.name);
    }
    snprintf(told->positive, sizeof told->positive, "%s", given);
    snprintf(told->why, sizeof told->why, "--positive");
}

bool data_file_is_positive(const data_told *told, float rating)
{
    rule r;
    if (told->positive[0] == '\0' || !read_rule(&r, told->positive)) {
        return true;
    }
    const double x = (double)rating;
    return strcmp(r.by, ">=") == 0   ? x >= (double)(float)r.limit
           : strcmp(r.by, ">") == 0  ? x > (double)(float)r.limit
           : strcmp(r.by, "<=") == 0 ? x <= (double)(float)r.limit
           : strcmp(r.by, "<") == 0  ? x < (double)(float)r.limit
                                     : x == (double)(float)r.limit;
}

static char *copy_id(const rr_dataset *dataset, int32_t item)
{
    rr_error err;
    char id[1024];
    text_require(rr_dataset_item_id(dataset, item, id, sizeof id, &err), &err);
    char *const copy = text_allocate(strlen(id) + 1, 1);
    strcpy(copy, id);
    return copy;
}

static void require_positive(int64_t n, const data_told *told)
{
    if (n == 0) {
        text_fail("%s: no interaction is positive by %s (%s); give --positive another rule",
                  told->path, told->positive, told->why);
    }
}

/* The positive rows as a dataset of their own, with no user or item that has none. */
static rr_dataset *keep_positive(rr_dataset *all, const rr_dataset_view *view, data_told *told)
{
    rr_error err;
    const size_t n = (size_t)view->n;
    uint64_t *users = text_allocate(n + 1, sizeof *users),
             *items = text_allocate(n + 1, sizeof *items);
    float *ratings = text_allocate(n + 1, sizeof *ratings);
    int64_t *times = text_allocate(n + 1, sizeof *times);
    bool *is_known = text_allocate((size_t)view->n_items, sizeof *is_known);
    int64_t n_kept = 0, n_items = 0;
    for (int64_t i = 0; i < view->n; i++) {
        if (!data_file_is_positive(told, view->ratings[i])) {
            continue;
        }
        users[n_kept] = view->user_keys[view->users[i]];
        items[n_kept] = view->item_keys[view->items[i]];
        ratings[n_kept] = view->ratings[i];
        times[n_kept++] = view->times[i];
        if (!is_known[view->items[i]]) {
            is_known[view->items[i]] = true;
            told->item_ids[n_items++] = copy_id(all, view->items[i]);
        }
    }
    require_positive(n_kept, told);
    rr_dataset *kept = NULL;
    text_require(rr_dataset_create(&kept, users, items, ratings, told->has_times ? times : NULL,
                                   n_kept, NULL, &err),
                 &err);
    told->n_positive = n_kept;
    free(users);
    free(items);
    free(ratings);
    free(times);
    free(is_known);
    rr_dataset_destroy(all);
    return kept;
}

rr_dataset *data_file_load(data_told *told, const char *path, const data_options *o,
                           uint64_t memory_limit, int32_t num_threads, bool is_implicit)
{
    rr_error err;
    memset(told, 0, sizeof *told);
    rr_dataset *dataset = load(told, path, o, memory_limit, num_threads);
    tell(told, dataset);
    rr_dataset_view view = {.struct_size = sizeof view};
    text_require(rr_dataset_describe(dataset, &view, &err), &err);
    double largest = 0.0;
    told->is_unrated = is_unrated(told, o);
    for (int64_t i = 0; i < view.n; i++) {
        largest = (double)view.ratings[i] > largest ? (double)view.ratings[i] : largest;
    }
    if (o->positive[0] != '\0') {
        take_rule(told, o->positive);
    } else if (is_implicit && told->has_ratings) {
        find_rule(told, largest);
    }
    told->item_ids = text_allocate((size_t)view.n_items, sizeof *told->item_ids);
    if (is_implicit && told->has_ratings) {
        return keep_positive(dataset, &view, told);
    }
    told->n_positive = 0;
    for (int64_t i = 0; i < view.n; i++) {
        told->n_positive += data_file_is_positive(told, view.ratings[i]) ? 1 : 0;
    }
    require_positive(told->n_positive, told);
    for (int32_t i = 0; i < view.n_items; i++) {
        told->item_ids[i] = copy_id(dataset, i);
    }
    return dataset;
}

void data_told_close(data_told *told)
{
    for (int64_t i = 0; told->item_ids != NULL && i < told->n_items; i++) {
        free(told->item_ids[i]);
    }
    free(told->item_ids);
    told->item_ids = NULL;
}

/* ── telling ─────────────────────────────────────────────────────────────────────────────────── */

static void print_column(FILE *out, const char *role, const char *name, int32_t number)
{
    if (number > 0 && name[0] != '\0') {
        fprintf(out, ", %s %s", role, name);
    } else if (number > 0) {
        fprintf(out, ", %s column %d", role, (int)number);
    }
}

static void print_skipped(FILE *out, int64_t n, const char *one, const char *many, int *n_printed)
{
    if (n > 0) {
        fprintf(out, "%s%s %s", *n_printed == 0 ? "; skipped " : ", ", text_count(n),
                n == 1 ? one : many);
        (*n_printed)++;
    }
}

/* "," is called a comma. */
static const char *separator_name(const char *separator)
{
    return strcmp(separator, ",") == 0     ? "commas"
           : strcmp(separator, ";") == 0   ? "semicolons"
           : strcmp(separator, "|") == 0   ? "bars"
           : strcmp(separator, "tab") == 0 ? "tabs"
                                           : separator;
}

void data_file_print(FILE *out, const data_told *told)
{
    const rr_dataset_source *const s = &told->source;
    int n_printed = 0;
    fprintf(out, "%s: ", told->path);
    if (told->form[0] != '\0') {
        fprintf(out, "%s, ", told->form);
    }
    if (!has_objects(told)) {
        fprintf(out, "%s, %s", separator_name(s->separator),
                s->has_header ? "header" : "no header");
    } else {
        fprintf(out, "one object a line");
    }
    if (s->user_number == 0) {
        fprintf(out, ", user all user_feature_…");
    }
    print_column(out, "user", s->user_column, s->user_number);
    print_column(out, "item", s->item_column, s->item_number);
    print_column(out, "rating", s->rating_column, s->rating_number);
    print_column(out, "time", s->time_column, s->time_number);
    if (s->unused[0] != '\0') {
        fprintf(out, "; not read %s", s->unused);
    }
    fprintf(out, "\n  %s rows, %s users, %s items", text_count(s->n_rows),
            text_count(told->n_users), text_count(told->n_items));
    print_skipped(out, s->n_empty, "empty line", "empty lines", &n_printed);
    print_skipped(out, s->n_comments, "comment", "comments", &n_printed);
    print_skipped(out, s->n_headers, "header that came again", "headers that came again",
                  &n_printed);
    print_skipped(out, s->n_incomplete, "row that was not whole", "rows that were not whole",
                  &n_printed);
    if (s->n_merged_users + s->n_merged_items > 0) {
        fprintf(out, "; %s ids were other spellings of numbers that are there (23.0 is 23)",
                text_count(s->n_merged_users + s->n_merged_items));
    }
    fprintf(out, "\n");
    if (!told->has_ratings) {
        fprintf(out, "  no ratings: every row counts as 1\n");
    } else if (told->is_unrated && told->positive[0] == '\0') {
        char shown[64];
        fprintf(out, "  %s is no rating: --feedback implicit learns from those %s\n",
                rating_name(told, shown), is_watch_ratio(told) ? "of 1 and more" : "above 0");
    } else if (told->positive[0] != '\0') {
        fprintf(out, "  positive: %s (%s), %s rows\n", told->positive, told->why,
                text_count(told->n_positive));
    }
    if (!told->has_times) {
        fprintf(out, "  no times: a random tenth is held out in place of each user's latest\n");
    }
}

static void write_column(json *j, const char *role, const char *name, int32_t number)
{
    if (number > 0) {
        json_begin_object(j, role);
        json_string(j, "name", name);
        json_count(j, "number", number);
        json_end_object(j);
    }
}

void data_file_write_json(json *j, const data_told *told)
{
    const rr_dataset_source *const s = &told->source;
    json_begin_object(j, "data");
    json_string(j, "file", told->path);
    json_string(j, "form", told->form[0] != '\0' ? told->form : "text");
    json_string(j, "separator", s->separator);
    json_bool(j, "header", s->has_header);
    json_begin_object(j, "columns");
    write_column(j, "user", s->user_column, s->user_number);
    write_column(j, "item", s->item_column, s->item_number);
    write_column(j, "rating", s->rating_column, s->rating_number);
    write_column(j, "time", s->time_column, s->time_number);
    write_column(j, "position", s->position_column, s->position_number);
    write_column(j, "propensity", s->propensity_column, s->propensity_number);
    json_end_object(j);
    json_string(j, "not_read", s->unused);
    json_count(j, "lines", s->n_lines);
    json_count(j, "rows", s->n_rows);
    json_count(j, "users", told->n_users);
    json_count(j, "items", told->n_items);
    json_begin_object(j, "skipped");
    json_count(j, "empty_lines", s->n_empty);
    json_count(j, "comments", s->n_comments);
    json_count(j, "headers", s->n_headers);
    json_count(j, "incomplete_rows", s->n_incomplete);
    json_end_object(j);
    json_count(j, "merged_user_ids", s->n_merged_users);
    json_count(j, "merged_item_ids", s->n_merged_items);
    json_string(j, "positive", told->positive);
    json_count(j, "positive_rows", told->n_positive);
    json_string(j, "held_out", told->has_times ? "latest of each user" : "random");
    json_end_object(j);
}
