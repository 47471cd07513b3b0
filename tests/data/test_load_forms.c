/* SPDX-License-Identifier: MIT */
/* What files of interactions look like: small ones, each mistake's sentence, damaged ones. */
#include <locale.h>
#include <math.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/philox.h"
#include "fixture.h"
#include "load_text.h"

static rr_status parse_whole(rri_interactions *rows, const char *text, size_t bytes,
                             const char *name, rr_error *err)
{
    const rr_load_options options = load_text_options();
    return load_text(rows, NULL, text, bytes, name, &options, err);
}

static rr_status parse(rri_interactions *rows, const char *text, rr_error *err)
{
    return parse_whole(rows, text, strlen(text), "f", err);
}

START_TEST(test_load_forms_reads_recboles_form)
{
    size_t bytes = 0;
    char *const text = fixture_read("recbole.tsv", &bytes);
    rri_interactions rows;
    ck_assert_int_eq(parse_whole(&rows, text, bytes, "recbole.tsv", NULL), RR_OK);
    free(text);
    ck_assert_uint_eq(rows.n, 5);
    ck_assert_mem_eq(rows.user_table.keys, ((const uint64_t[3]){7, 9, 12}), sizeof(uint64_t[3]));
    ck_assert_mem_eq(rows.item_table.keys, ((const uint64_t[3]){100, 101, 102}),
                     sizeof(uint64_t[3]));
    ck_assert_mem_eq(rows.users, ((const int32_t[5]){0, 1, 0, 2, 1}), sizeof(int32_t[5]));
    ck_assert_mem_eq(rows.items, ((const int32_t[5]){0, 1, 2, 0, 2}), sizeof(int32_t[5]));
    ck_assert_mem_eq(rows.ratings, ((const float[5]){4.0f, 3.5f, -1.0f, 5.0f, 0.25f}),
                     sizeof(float[5]));
    for (int64_t i = 0; i < 5; i++) {
        ck_assert_int_eq(rows.times[i], 881250949 + i);
    }
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_reads_quotes_mark_and_any_order)
{
    size_t bytes = 0;
    char *const text = fixture_read("quoted.csv", &bytes);
    rri_interactions rows;
    rr_error err = {0};
    ck_assert_msg(parse_whole(&rows, text, bytes, "quoted.csv", &err) == RR_OK, "%s", err.text);
    free(text);
    ck_assert_uint_eq(rows.n, 3);
    ck_assert_mem_eq(rows.users, ((const int32_t[3]){0, 1, 0}), sizeof(int32_t[3]));
    ck_assert_mem_eq(rows.items, ((const int32_t[3]){0, 1, 0}), sizeof(int32_t[3]));
    ck_assert_mem_eq(rows.ratings, ((const float[3]){4.5f, 2.0f, 1.0f}), sizeof(float[3]));
    ck_assert_mem_eq(rows.times, ((const int64_t[3]){10, 11, -12}), sizeof(int64_t[3]));
    ck_assert_uint_eq(rows.user_table.keys[0], rri_hash_bytes("anna", 4, 0));
    ck_assert_uint_eq(rows.item_table.keys[0], rri_hash_bytes("a \"b\", c", 8, 0));
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_without_timestamp_has_time_zero)
{
    rri_interactions rows;
    ck_assert_int_eq(parse(&rows, "item_id\trating\tuser_id\n1\t2\t3", NULL), RR_OK);
    ck_assert_uint_eq(rows.n, 1);
    ck_assert_int_eq(rows.times[0], 0);
    ck_assert_uint_eq(rows.user_table.keys[0], 3);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_without_rating_counts_each_row_as_one)
{
    rri_interactions rows;
    ck_assert_int_eq(parse(&rows, "item_id,user_id\n1,3\n2,x\n", NULL), RR_OK);
    ck_assert_uint_eq(rows.n, 2);
    ck_assert(rows.ratings[0] == 1.0f && rows.ratings[1] == 1.0f);
    ck_assert(rows.times[0] == 0 && rows.times[1] == 0);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_reads_movielens_without_a_header)
{
    size_t bytes = 0;
    char *const text = fixture_read("ratings.dat", &bytes);
    rri_interactions rows;
    ck_assert_int_eq(parse_whole(&rows, text, bytes, "f", NULL), RR_OK);
    free(text);
    ck_assert_uint_eq(rows.n, 3);
    ck_assert_mem_eq(rows.users, ((const int32_t[3]){0, 0, 1}), sizeof(int32_t[3]));
    ck_assert_mem_eq(rows.items, ((const int32_t[3]){0, 1, 0}), sizeof(int32_t[3]));
    ck_assert_mem_eq(rows.ratings, ((const float[3]){5.0f, 3.0f, 4.0f}), sizeof(float[3]));
    ck_assert_int_eq(rows.times[2], 978298413);
    ck_assert_uint_eq(rows.item_table.keys[1], 661);
    ck_assert(!rows.has_logs && rows.positions == NULL);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_reads_open_bandit_with_positions_and_propensities)
{
    size_t bytes = 0;
    char *const text = fixture_read("open_bandit.csv", &bytes);
    rri_interactions rows;
    rr_error err = {0};
    ck_assert_msg(parse_whole(&rows, text, bytes, "f", &err) == RR_OK, "%s", err.text);
    free(text);
    ck_assert_uint_eq(rows.n, 3);
    ck_assert_mem_eq(rows.items, ((const int32_t[3]){0, 1, 0}), sizeof(int32_t[3]));
    ck_assert_uint_eq(rows.item_table.keys[0], 79);
    ck_assert_mem_eq(rows.ratings, ((const float[3]){0.0f, 1.0f, 0.0f}), sizeof(float[3]));
    ck_assert(rows.has_logs);
    ck_assert_mem_eq(rows.positions, ((const int32_t[3]){2, 1, 3}), sizeof(int32_t[3]));
    ck_assert_mem_eq(rows.propensities, ((const float[3]){0.0125f, 0.05f, 1.0f}), sizeof(float[3]));
    ck_assert_int_eq(rows.times[0], INT64_C(1574553613004101));
    ck_assert_int_eq(rows.times[1], INT64_C(1574553613000000));
    /* ff01, 0c and ff0, 10c are different users, though their texts together are one. */
    ck_assert_mem_eq(rows.users, ((const int32_t[3]){0, 0, 1}), sizeof(int32_t[3]));
    rri_interactions_release(&rows);
}
END_TEST

/* Real rows of both policies' logs; what is expected was counted once by pandas and, the sums in
 * doubles, by numpy. fixtures/open_bandit/NOTICE tells where they come from. */
typedef struct log_facts {
    const char *name;
    size_t n, n_users, n_items, n_clicks;
    size_t click_rows[4];
    size_t n_positions[3]; /* of 1, 2 and 3 */
    uint64_t first_items[5];
    int32_t first_users[10];
    int64_t first_time, last_time; /* microseconds */
    float first_propensity, least_propensity, most_propensity;
    double propensities, clicks_over_propensities;
} log_facts;

static void ck_log(const rri_interactions *rows, const log_facts *facts)
{
    size_t n_positions[4] = {0}, n_clicks = 0;
    double propensities = 0.0, weighted = 0.0;
    float least = 1.0f, most = 0.0f;
    for (size_t i = 0; i < rows->n; i++) {
        ck_assert(rows->positions[i] >= 1 && rows->positions[i] <= 3);
        n_positions[rows->positions[i]]++;
        const float p = rows->propensities[i];
        least = p < least ? p : least;
        most = p > most ? p : most;
        propensities += (double)p;
        weighted += (double)rows->ratings[i] / (double)p;
        if (rows->ratings[i] == 1.0f) {
            ck_assert_uint_eq(i, facts->click_rows[n_clicks]);
            n_clicks++;
        }
    }
    ck_assert_uint_eq(n_clicks, facts->n_clicks);
    ck_assert_mem_eq(n_positions + 1, facts->n_positions, sizeof facts->n_positions);
    ck_assert(rows->propensities[0] == facts->first_propensity);
    ck_assert(least == facts->least_propensity && most == facts->most_propensity);
    ck_assert_double_eq_tol(propensities, facts->propensities, 1e-5);
    ck_assert_double_eq_tol(weighted, facts->clicks_over_propensities, 1e-4);
}

START_TEST(test_load_forms_reads_real_logs_of_open_bandit)
{
    static const log_facts all[] = {{"open_bandit/random_men.csv",
                                     80,
                                     39,
                                     32,
                                     2,
                                     {6, 68},
                                     {28, 25, 27},
                                     {5, 29, 16, 33, 20},
                                     {0, 1, 2, 3, 4, 5, 6, 7, 7, 8},
                                     INT64_C(1574576295811028),
                                     INT64_C(1574580623747271),
                                     0.029411764705882353f,
                                     0.029411764705882353f,
                                     0.029411764705882353f,
                                     2.3529411764705883,
                                     68.0},
                                    {"open_bandit/bts_men.csv",
                                     110,
                                     62,
                                     21,
                                     4,
                                     {9, 44, 48, 102},
                                     {37, 38, 35},
                                     {13, 23, 16, 22, 9},
                                     {0, 1, 2, 3, 4, 5, 2, 6, 7, 8},
                                     INT64_C(1574566414281056),
                                     INT64_C(1574572284519508),
                                     0.313105f,
                                     0.001645f,
                                     0.32537f,
                                     15.267379999999998,
                                     41.66243801451422}};
    for (size_t i = 0; i < 2; i++) {
        size_t bytes = 0;
        char *const text = fixture_read(all[i].name, &bytes);
        rri_interactions rows;
        rr_error err = {0};
        ck_assert_msg(parse_whole(&rows, text, bytes, "f", &err) == RR_OK, "%s", err.text);
        free(text);
        ck_assert(rows.n == all[i].n && rows.has_ratings && rows.has_logs);
        ck_assert_uint_eq(rows.user_table.n_keys, all[i].n_users);
        ck_assert_uint_eq(rows.item_table.n_keys, all[i].n_items);
        ck_assert_mem_eq(rows.item_table.keys, all[i].first_items, sizeof all[i].first_items);
        ck_assert_mem_eq(rows.users, all[i].first_users, sizeof all[i].first_users);
        ck_assert(rows.times[0] == all[i].first_time && rows.times[rows.n - 1] == all[i].last_time);
        ck_log(&rows, &all[i]);
        rri_interactions_release(&rows);
    }
}
END_TEST

START_TEST(test_load_forms_refuses_open_bandits_context_of_items)
{
    size_t bytes = 0;
    char *const text = fixture_read("open_bandit/item_context.csv", &bytes);
    rri_interactions rows;
    rr_error err = {0};
    ck_assert_int_eq(parse_whole(&rows, text, bytes, "item_context.csv", &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "item_context.csv:1:1: there is no column user_id; the first line "
                               "has (no name), item_id, item_feature_0, item_feature_1, "
                               "item_feature_2, item_feature_3: say which column is what, as "
                               "user_column \"1\" (train --columns user=1,item=2)");
    free(text);
}
END_TEST

START_TEST(test_load_forms_reads_movielens_with_its_quirks)
{
    static const struct {
        const char *text;
        size_t n;
    } files[] = {
        {"1::1193::5::978300760\n2::661::3::978302109", 2},       /* no end */
        {"1::1193::5::978300760\r\n2::661::3::978302109\r\n", 2}, /* CRLF */
        {"\xef\xbb\xbf"
         "1::1193::5::978300760\n2::661::3::978302109\n",
         2},                                                           /* a mark */
        {"1::122::5.0::838985046\n1::185::4.5::838983525.0\n\n\n", 2}, /* 10M; empty lines */
        {"\"userId\",\"movieId\",\"rating\",\"timestamp\"\r\n\"1\",\"2\",\"3.5\",\"11\"\r\n", 1},
        {"userId,movieId,rating,timestamp\n1,2,3.5,1.112486027e9\n1,3,4,1112484676.0\n", 2},
        {"userId,movieId,tag,timestamp\n18,4141,\"Mark, \"\"the\"\" Waters\",1240597180\n", 1},
        {"user_id:token\titem_id_list:token_seq\titem_id:token\n1\ta b \"c\td\n", 1},
        {"196\t242\t3\t8.81250949e8\n186\t302\t3\t891717742\n", 2},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        rri_interactions rows;
        rr_error err = {0};
        ck_assert_msg(parse(&rows, files[i].text, &err) == RR_OK, "%zu: %s", i, err.text);
        ck_assert_uint_eq(rows.n, files[i].n);
        ck_assert(rows.times[0] >= 0 && rows.ratings[0] >= 1.0f);
        rri_interactions_release(&rows);
    }
}
END_TEST

/* Numbers, texts, quotes and forms that are not short, mixed. */
static size_t write_mixture(char *text, size_t capacity)
{
    size_t n = (size_t)snprintf(text, capacity, "user_id,item_id,rating,timestamp\n");
    for (uint32_t i = 0; n + 100 < capacity; i++) {
        const unsigned user = (unsigned)rri_philox_below(8, RRI_STREAM_SPLIT, i, 0, 40);
        const unsigned item = (unsigned)rri_philox_below(8, RRI_STREAM_SPLIT, i, 1, 300);
        static const char *const forms[] = {"%u,%u,3.5,1234567890\n", "%u,%u,4,12\r\n",
                                            "%u,%u,5e-1,7\n", "user%u,%u,1,1.0\n",
                                            "%u,\"item \"\"%u\"\"\",2,3\n"};
        const uint64_t form = rri_philox_below(8, RRI_STREAM_SPLIT, i, 2, 12);
        n += (size_t)snprintf(text + n, capacity - n, forms[form < 5 ? form : 0], user, item);
    }
    return n;
}

START_TEST(test_load_forms_in_blocks_are_the_text_as_a_whole)
{
    static char text[40000];
    const size_t bytes = write_mixture(text, sizeof text);
    rri_interactions rows;
    ck_assert_int_eq(parse_whole(&rows, text, bytes, "f", NULL), RR_OK);
    ck_assert_uint_gt(rows.n, 1000);
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_only_plain_numbers_are_their_own_keys)
{
    rri_interactions rows;
    ck_assert_int_eq(parse(&rows,
                           "user_id,item_id,rating\n"
                           "0,7,1\n18446744073709551615,007,1\n18446744073709551616,+7,1\n",
                           NULL),
                     RR_OK);
    ck_assert_uint_eq(rows.user_table.keys[0], 0);
    ck_assert_uint_eq(rows.user_table.keys[1], UINT64_MAX);
    ck_assert_uint_eq(rows.user_table.keys[2], rri_hash_bytes("18446744073709551616", 20, 0));
    ck_assert_uint_eq(rows.item_table.n_keys, 2); /* +7 is 7 */
    ck_assert_uint_eq(rows.item_table.keys[1], rri_hash_bytes("007", 3, 0));
    rri_interactions_release(&rows);
}
END_TEST

START_TEST(test_load_forms_refuses_two_ids_with_one_key)
{
    char text[128];
    rr_error err = {0};
    rri_interactions rows;
    snprintf(text, sizeof text, "user_id,item_id,rating\nanna,1,1\n%llu,1,1\n",
             (unsigned long long)rri_hash_bytes("anna", 4, 0));
    ck_assert_int_eq(parse(&rows, text, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "f:3:1: user_id '"));
    ck_assert_ptr_nonnull(strstr(err.text, "as another id has"));
}
END_TEST

START_TEST(test_load_forms_rounds_ratings_as_the_language_does)
{
    static const char *const texts[] = {
        "0.1",      "3.3",   "4.35",         "-0.7",       "9999999",       "0.000001", "1234.567",
        "16777217", "1e-30", "3.4028235e38", "0.30000001", "7.0385307e-26", "-0",       "00.5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[128];
        rri_interactions rows;
        snprintf(text, sizeof text, "user_id,item_id,rating\n1,1,%s\n", texts[i]);
        ck_assert_int_eq(parse(&rows, text, NULL), RR_OK);
        const float expected = strtof(texts[i], NULL);
        ck_assert_msg(memcmp(&rows.ratings[0], &expected, sizeof expected) == 0, "%s", texts[i]);
        rri_interactions_release(&rows);
    }
}
END_TEST

START_TEST(test_load_forms_does_not_know_the_hosts_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++) {
    }
    rri_interactions rows;
    ck_assert_int_eq(
        parse(&rows, "user_id,item_id,rating,timestamp\n1,1,2.5,1.5e3\n1,1,25e-1,7\n", NULL),
        RR_OK);
    ck_assert_float_eq(rows.ratings[0], 2.5f);
    ck_assert_float_eq(rows.ratings[1], 2.5f);
    ck_assert_int_eq(rows.times[0], 1500);
    rri_interactions_release(&rows);
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(test_load_forms_names_line_and_column_of_a_mistake)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "f:1:1: the file is empty; its first line must name the columns user_id and item_id"},
        {"user_id,rating\n1,2\n", "f:1:1: there is no column item_id; the first line has user_id, "
                                  "rating: say which column is what, as user_column \"1\" (train "
                                  "--columns user=1,item=2)"},
        {"1::2::3::4\n1::2::x::4\n", "f:2:7: rating is 'x'; it must be a finite number"},
        {"user_id,item_id,position,propensity_score\n1,2,1,0.5\n1,2,1,0\n",
         "f:3:7: propensity_score is '0'; it must be a probability in (0, 1]"},
        {"user_id,item_id,rating,userId\n", "f:1:24: column user_id is there twice"},
        {"user_id,item_id,rating\n", "f:2:1: no interaction follows the header"},
        {"user_id,item_id,rating\n1,2,abc\n", "f:2:5: rating is 'abc'; it must be a finite number"},
        {"user_id,item_id,rating\r\n1,2,3\r\n1,2,nan\r\n",
         "f:3:5: rating is 'nan', as a value that is missing is written; "
         "skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id,rating\n1,2,inf\n", "f:2:5: rating is 'inf'; it must be a finite number"},
        {"user_id,item_id,rating\n1,2,1e39\n",
         "f:2:5: rating is '1e39'; it must be a finite number"},
        {"user_id,item_id,rating\n1,2,\n",
         "f:2:5: rating is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id,rating\n1,2,3,5\n", "f:2:1: the line has 4 fields; the header has 3"},
        {"user_id,item_id,rating\n1,2\n", "f:2:1: the line has 2 fields; the header has 3"},
        {"user_id,item_id,rating\nx\n1,2,3\n", "f:2:1: the line has 1 fields; the header has 3"},
        {"user_id,item_id,rating\n,2,3\n",
         "f:2:1: user_id is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id\titem_id\trating\n1\t\t3\n",
         "f:2:3: item_id is empty; skips_incomplete (train --skip-incomplete) skips such rows"},
        {"user_id,item_id,rating,timestamp\n1,2,3,x\n",
         "f:2:7: timestamp is 'x'; it must be a number of 64 bits or a date (2019-11-24, "
         "2019-11-24 00:00:13+00:00); time_column \"\" (train --columns time=) reads none"},
        {"user_id,item_id,rating,timestamp\n1,2,3,1.x\n",
         "f:2:7: timestamp is '1.x'; it must be a number of 64 bits or a date (2019-11-24, "
         "2019-11-24 00:00:13+00:00); time_column \"\" (train --columns time=) reads none"},
        {"user_id,item_id,rating,timestamp\n1,2,3,9223372036854775808\n",
         "f:2:7: timestamp is '9223372036854775808'; it must be a number of 64 bits or a date "
         "(2019-11-24, 2019-11-24 00:00:13+00:00); time_column \"\" (train --columns time=) reads "
         "none"},
        {"user_id,item_id,rating\n\"1,2,3\n", "f:2:1: a quote is not closed (has_quotes 0, train "
                                              "--quotes no, takes quotes as they stand)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_interactions rows;
        rr_error err = {0};
        ck_assert_msg(parse(&rows, cases[i].text, &err) == RR_E_FORMAT, "%s", cases[i].text);
        ck_assert_str_eq(err.text, cases[i].sentence);
    }
}
END_TEST

/* Damaged text is refused with a sentence or read as what it now says; never anything else. */
static void parse_damaged(const char *text, size_t bytes, size_t *n_read)
{
    rri_interactions rows;
    rr_error err = {0};
    rr_load_options options = load_text_options();
    options.num_threads = 1 + (int32_t)(bytes % 2);
    options.block_bytes = 512;
    const rr_status status = load_text_once(&rows, NULL, text, bytes, "f", &options, &err);
    ck_assert(status == RR_OK || status == RR_E_FORMAT);
    if (status != RR_OK) {
        ck_assert_msg(strncmp(err.text, "f:", 2) == 0, "%s", err.text);
        return;
    }
    (*n_read)++;
    for (size_t i = 0; i < rows.n; i++) {
        ck_assert(isfinite(rows.ratings[i]));
        ck_assert_uint_lt((size_t)rows.users[i], rows.user_table.n_keys);
        ck_assert_uint_lt((size_t)rows.items[i], rows.item_table.n_keys);
    }
    rri_interactions_release(&rows);
}

START_TEST(test_load_forms_survives_truncation_flips_and_edits)
{
    static const char *const names[] = {"recbole.tsv", "quoted.csv", "ratings.dat",
                                        "open_bandit.csv"};
    static const char marks[] = "\t,\"\n\r\0:.-e9a\xff";
    size_t n_read = 0;
    for (size_t f = 0; f < 4; f++) {
        size_t bytes = 0;
        char *const text = fixture_read(names[f], &bytes);
        for (size_t length = 0; length < bytes; length++) {
            parse_damaged(text, length, &n_read);
        }
        for (size_t bit = 0; bit < 8 * bytes; bit += check_step(3)) {
            text[bit / 8] = (char)(text[bit / 8] ^ (1 << (bit % 8)));
            parse_damaged(text, bytes, &n_read);
            text[bit / 8] = (char)(text[bit / 8] ^ (1 << (bit % 8)));
        }
        for (uint64_t trial = 0; trial < 10000; trial += check_step(5)) {
            char *const edited = fixture_copy(text, bytes);
            for (uint32_t edit = 0; edit < 3; edit++) {
                const uint64_t at = rri_philox_below(7, RRI_STREAM_SPLIT, trial, 2 * edit, bytes);
                const uint64_t mark =
                    rri_philox_below(7, RRI_STREAM_SPLIT, trial, 2 * edit + 1, sizeof marks - 1);
                edited[at] = marks[mark];
            }
            parse_damaged(edited, bytes, &n_read);
            free(edited);
        }
        free(text);
    }
    ck_assert_uint_gt(n_read, 1000);
}
END_TEST

CHECK_MAIN("data/load_forms", test_load_forms_reads_recboles_form,
           test_load_forms_reads_quotes_mark_and_any_order,
           test_load_forms_without_timestamp_has_time_zero,
           test_load_forms_without_rating_counts_each_row_as_one,
           test_load_forms_reads_movielens_without_a_header,
           test_load_forms_reads_open_bandit_with_positions_and_propensities,
           test_load_forms_reads_movielens_with_its_quirks,
           test_load_forms_reads_real_logs_of_open_bandit,
           test_load_forms_refuses_open_bandits_context_of_items,
           test_load_forms_in_blocks_are_the_text_as_a_whole,
           test_load_forms_only_plain_numbers_are_their_own_keys,
           test_load_forms_refuses_two_ids_with_one_key,
           test_load_forms_rounds_ratings_as_the_language_does,
           test_load_forms_does_not_know_the_hosts_locale,
           test_load_forms_names_line_and_column_of_a_mistake,
           test_load_forms_survives_truncation_flips_and_edits)
