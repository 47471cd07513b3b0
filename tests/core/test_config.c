/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"

/* A config of every type, and the struct of an older and of a newer program. */
typedef struct tea {
    uint32_t struct_size;
    int32_t kind;
    int32_t cups;
    int32_t leaf;
    int32_t bags;
    int32_t has_milk;
    int32_t spoons[4];
    float strength;
    uint32_t reserved;
    int64_t patience;
    uint64_t seed;
} tea;
typedef struct old_tea {
    uint32_t struct_size;
    int32_t kind;
    int32_t cups;
    int32_t leaf;
} old_tea;
typedef struct new_tea {
    tea known;
    int64_t sugar;
} new_tea;

enum { TEA = 7, COFFEE = 8 };

static const rri_config_field tea_fields[] = {
    {RRI_CONFIG_INT32, "cups", offsetof(tea, cups), "2", RRI_CONFIG_AT_LEAST(1), "how many"},
    {RRI_CONFIG_CHOICE, "leaf", offsetof(tea, leaf), "green", RRI_CONFIG_ONE_OF("black", "green"),
     "which"},
    {RRI_CONFIG_INT32, "bags", offsetof(tea, bags), "1", RRI_CONFIG_AT_LEAST(1), "in the pot"},
    {RRI_CONFIG_BOOL, "has_milk", offsetof(tea, has_milk), "1", RRI_CONFIG_YES_NO, "with milk"},
    {RRI_CONFIG_INT32X4, "spoons", offsetof(tea, spoons), "3,1", RRI_CONFIG_AT_LEAST(0), "of each"},
    {RRI_CONFIG_FLOAT, "strength", offsetof(tea, strength), "0.2", RRI_CONFIG_BETWEEN_OPEN(0, 1),
     "how strong"},
    {RRI_CONFIG_INT64, "patience", offsetof(tea, patience), "100000", RRI_CONFIG_AT_LEAST(0),
     "how long"},
    {RRI_CONFIG_UINT64, "seed", offsetof(tea, seed), "0", RRI_CONFIG_ANY, "of the leaves"},
};
static const rri_config_table table = {
    "tea config", "rr_tea", TEA, sizeof(tea), offsetof(tea, reserved), tea_fields, 8};

static tea tea_of_defaults(void)
{
    tea t;
    rri_config_init(&table, &t, sizeof t);
    return t;
}

START_TEST(test_config_init_writes_the_defaults_of_the_table)
{
    tea t;
    memset(&t, 0xAB, sizeof t);
    rri_config_init(&table, &t, sizeof t);
    ck_assert_uint_eq(t.struct_size, sizeof t);
    ck_assert_int_eq(t.cups, 2);
    ck_assert_int_eq(t.leaf, 1);
    ck_assert_int_eq(t.has_milk, 1);
    ck_assert_int_eq(t.spoons[0], 3);
    ck_assert_int_eq(t.spoons[1], 1);
    ck_assert_int_eq(t.spoons[2], 0);
    ck_assert_int_eq(t.spoons[3], 0);
    ck_assert(t.strength == 0.2f);
    ck_assert_uint_eq(t.reserved, 0);
    ck_assert_int_eq(t.patience, 100000);
    ck_assert_uint_eq(t.seed, 0);
}
END_TEST

START_TEST(test_config_init_stays_inside_an_older_programs_struct)
{
    unsigned char room[64];
    memset(room, 0xAB, sizeof room);
    rri_config_init(&table, room, sizeof(old_tea));
    old_tea t;
    memcpy(&t, room, sizeof t);
    ck_assert_uint_eq(t.struct_size, sizeof(old_tea));
    ck_assert_int_eq(t.cups, 2);
    for (size_t i = sizeof t; i < sizeof room; i++) {
        ck_assert_uint_eq(room[i], 0xAB);
    }
}
END_TEST

START_TEST(test_config_init_zeroes_what_a_newer_program_knows_more)
{
    new_tea t;
    memset(&t, 0xAB, sizeof t);
    rri_config_init(&table, &t, sizeof t);
    ck_assert_uint_eq(t.known.struct_size, sizeof t);
    ck_assert_int_eq(t.sugar, 0);
    tea full;
    ck_assert_int_eq(rri_config_read(&full, &table, &t, NULL), RR_OK);
    ck_assert_uint_eq(full.struct_size, sizeof full);
}
END_TEST

START_TEST(test_config_init_without_room_does_nothing)
{
    unsigned char room[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    rri_config_init(&table, room, 3);
    rri_config_init(&table, room, 7); /* no room for the kind */
    rri_config_init(&table, NULL, sizeof(tea));
    ck_assert(room[0] == 1 && room[7] == 8);
}
END_TEST

START_TEST(test_config_read_fills_what_an_older_program_does_not_know)
{
    const old_tea given = {sizeof given, TEA, 5, 1};
    tea full;
    ck_assert_int_eq(rri_config_read(&full, &table, &given, NULL), RR_OK);
    tea wanted = tea_of_defaults();
    wanted.cups = 5;
    ck_assert_mem_eq(&full, &wanted, sizeof full);
}
END_TEST

START_TEST(test_config_of_another_kind_is_refused_by_all)
{
    tea t = tea_of_defaults();
    ck_assert_int_eq(t.kind, TEA);
    const tea before = t;
    const int32_t kinds[] = {COFFEE, 0, -1, INT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        tea full;
        char text[RRI_CONFIG_TEXT_CAPACITY];
        char sentence[96];
        rr_error err = {0};
        t.kind = kinds[i];
        (void)snprintf(sentence, sizeof sentence,
                       "tea config: kind is %d; it must be 7, as its init sets it", kinds[i]);
        ck_assert_int_eq(rri_config_read(&full, &table, &t, &err), RR_E_INVALID);
        ck_assert_str_eq(err.text, sentence);
        ck_assert_int_eq(rri_config_get(&table, &t, "cups", text, &err), RR_E_INVALID);
        ck_assert_int_eq(rri_config_set(&table, &t, "cups", "9", &err), RR_E_INVALID);
        ck_assert_str_eq(err.text, sentence);
    }
    t.kind = TEA;
    ck_assert_mem_eq(&t, &before, sizeof t);
}
END_TEST

START_TEST(test_config_read_refuses_a_newer_programs_wish)
{
    new_tea t;
    rri_config_init(&table, &t, sizeof t);
    t.sugar = 1;
    tea full;
    rr_error err = {0};
    ck_assert_int_eq(rri_config_read(&full, &table, &t, &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "tea config"));
}
END_TEST

START_TEST(test_config_read_refuses_a_struct_that_is_none)
{
    tea full;
    tea t = tea_of_defaults();
    const uint32_t sizes[] = {0, 3, 6, 61, UINT32_MAX, UINT32_MAX - 3};
    for (size_t i = 0; i < 6; i++) {
        t.struct_size = sizes[i];
        ck_assert_int_eq(rri_config_read(&full, &table, &t, NULL), RR_E_INVALID);
    }
    ck_assert_int_eq(rri_config_read(&full, &table, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_config_read(&t, &table, &full, NULL), RR_OK);
}
END_TEST

static void expect_refusal(const tea *t, const char *sentence)
{
    tea full;
    rr_error err = {0};
    ck_assert_int_ne(rri_config_read(&full, &table, t, &err), RR_OK);
    ck_assert_str_eq(err.text, sentence);
}

START_TEST(test_config_sentences_name_field_value_and_range)
{
    tea t = tea_of_defaults();
    t.strength = -0.2f;
    expect_refusal(&t, "tea config: strength is -0.2; it must be in (0, 1)");
    t.strength = NAN;
    expect_refusal(&t, "tea config: strength is nan; it must be in (0, 1)");
    t = tea_of_defaults();
    t.cups = 0;
    expect_refusal(&t, "tea config: cups is 0; it must be at least 1");
    t = tea_of_defaults();
    t.leaf = 7;
    expect_refusal(&t, "tea config: leaf is 7; it must be black or green");
    t = tea_of_defaults();
    t.has_milk = 2;
    expect_refusal(&t, "tea config: has_milk is 2; it must be 0 or 1");
    t = tea_of_defaults();
    t.spoons[3] = 2;
    expect_refusal(&t,
                   "tea config: spoons is 3,1,0,2; it must be at least 0, up to four numbers, 0 "
                   "only at the end");
    t = tea_of_defaults();
    t.patience = -1;
    expect_refusal(&t, "tea config: patience is -1; it must be at least 0");
    t = tea_of_defaults();
    t.reserved = 1;
    expect_refusal(&t, "tea config: reserved is 1; it must be 0");
}
END_TEST

START_TEST(test_config_set_changes_the_named_field_alone)
{
    static const struct {
        const char *name, *text;
    } pairs[] = {{"cups", "9"},
                 {"leaf", "black"},
                 {"bags", "3"},
                 {"has_milk", "false"},
                 {"spoons", "5"},
                 {"strength", "0.125"},
                 {"patience", "123456789012"},
                 {"seed", "18446744073709551615"}};
    for (size_t i = 0; i < 8; i++) {
        tea t = tea_of_defaults();
        ck_assert_int_eq(rri_config_set(&table, &t, pairs[i].name, pairs[i].text, NULL), RR_OK);
        const tea plain = tea_of_defaults();
        size_t n_changed = 0;
        for (size_t f = 0; f < 8; f++) {
            char now[RRI_CONFIG_TEXT_CAPACITY];
            char before[RRI_CONFIG_TEXT_CAPACITY];
            rri_config_get(&table, &t, tea_fields[f].name, now, NULL);
            rri_config_get(&table, &plain, tea_fields[f].name, before, NULL);
            n_changed += strcmp(now, before) != 0 ? 1 : 0;
        }
        ck_assert_uint_eq(n_changed, 1);
    }
    tea t = tea_of_defaults();
    rri_config_set(&table, &t, "spoons", "5", NULL);
    ck_assert(t.spoons[0] == 5 && t.spoons[1] == 0);
}
END_TEST

static void expect_set_refusal(const char *name, const char *text, rr_status status,
                               const char *sentence)
{
    tea t = tea_of_defaults();
    const tea plain = t;
    rr_error err = {0};
    ck_assert_int_eq(rri_config_set(&table, &t, name, text, &err), status);
    ck_assert_str_eq(err.text, sentence);
    ck_assert_mem_eq(&t, &plain, sizeof t);
}

START_TEST(test_config_set_refused_changes_nothing_and_says_why)
{
    expect_set_refusal("strength", "1", RR_E_INVALID,
                       "tea config: strength is 1; it must be in (0, 1)");
    expect_set_refusal("strength", "strong", RR_E_INVALID,
                       "tea config: strength is \"strong\"; it must be a number in (0, 1)");
    expect_set_refusal("cups", "2x", RR_E_INVALID,
                       "tea config: cups is \"2x\"; it must be a whole number at least 1");
    expect_set_refusal("leaf", "red", RR_E_INVALID,
                       "tea config: leaf is \"red\"; it must be black or green");
    expect_set_refusal("sugar", "1", RR_E_NOT_FOUND, "tea config: there is no field \"sugar\"");
    expect_set_refusal("reserved", "0", RR_E_NOT_FOUND,
                       "tea config: there is no field \"reserved\"");
    expect_set_refusal("struct_size", "8", RR_E_NOT_FOUND,
                       "tea config: there is no field \"struct_size\"");
}
END_TEST

START_TEST(test_config_set_never_writes_beyond_an_older_struct)
{
    struct {
        old_tea given;
        unsigned char behind[64];
    } room;
    memset(&room, 0xAB, sizeof room);
    rri_config_init(&table, &room.given, sizeof room.given);
    ck_assert_int_eq(rri_config_set(&table, &room.given, "strength", "0.5", NULL),
                     RR_E_UNSUPPORTED);
    ck_assert_int_eq(rri_config_set(&table, &room.given, "cups", "3", NULL), RR_OK);
    ck_assert_int_eq(room.given.cups, 3);
    for (size_t i = 0; i < sizeof room.behind; i++) {
        ck_assert_uint_eq(room.behind[i], 0xAB);
    }
    char text[RRI_CONFIG_TEXT_CAPACITY];
    ck_assert_int_eq(rri_config_get(&table, &room.given, "strength", text, NULL), RR_OK);
    ck_assert_str_eq(text, "0.2");
}
END_TEST

CHECK_MAIN("core/config", test_config_init_writes_the_defaults_of_the_table,
           test_config_init_stays_inside_an_older_programs_struct,
           test_config_init_zeroes_what_a_newer_program_knows_more,
           test_config_init_without_room_does_nothing,
           test_config_read_fills_what_an_older_program_does_not_know,
           test_config_of_another_kind_is_refused_by_all,
           test_config_read_refuses_a_newer_programs_wish,
           test_config_read_refuses_a_struct_that_is_none,
           test_config_sentences_name_field_value_and_range,
           test_config_set_changes_the_named_field_alone,
           test_config_set_refused_changes_nothing_and_says_why,
           test_config_set_never_writes_beyond_an_older_struct)
