/* SPDX-License-Identifier: MIT */
#include "model/likeness.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/config_tables.h"

/* Two policies may differ in these: another seed or pace of training, other threads and rooms. */
static const char *const FREE[] = {
    "num_items",      "max_rows",       "max_update_rows", "num_threads",
    "worker_spin_us", "initial_scale",  "max_staleness",   "keep_versions",
    "max_weight",     "min_ess",        "max_skew",        "planned_updates",
    "seed",           "norm_rows",      "repeat_step",     "unknown_versions",
    "ref_kl_coef",    "ref_kl_updates", "ref_kl_target",   "ent_updates",
    "ref_floor",
};

/* Rooms that a reader has, and no parameter. */
static const char *const ROOMS[] = {"max_candidates", "max_history", "max_pool_items"};

static bool is_among(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A field that is added to the config has to be given a place: here, or in the list. */
START_TEST(test_likeness_every_field_of_the_config_is_judged)
{
    const rri_config_table *table = rri_config_table_of(RR_CONFIG_AGENT);
    for (size_t i = 0; i < table->n_fields; i++) {
        const char *name = table->fields[i].name;
        const bool is_free = is_among(FREE, sizeof FREE / sizeof FREE[0], name);
        const bool is_room = is_among(ROOMS, sizeof ROOMS / sizeof ROOMS[0], name);
        ck_assert_msg(rri_likeness_has(name, RRI_LIKE_MEANING) == (!is_free && !is_room),
                      "%s: does the same parameter mean the same without it?", name);
        ck_assert_msg(!is_free || !rri_likeness_has(name, RRI_LIKE_SHAPE), "%s", name);
        ck_assert_msg(!is_room || rri_likeness_has(name, RRI_LIKE_SHAPE), "%s", name);
    }
}
END_TEST

/* Each byte of a marked field tells two configs apart, by the field's name, and no other does. */
START_TEST(test_likeness_finds_each_field_by_name)
{
    const rri_config_table *table = rri_config_table_of(RR_CONFIG_AGENT);
    for (size_t i = 0; i < table->n_fields; i++) {
        const rri_config_field *field = &table->fields[i];
        for (int mark = RRI_LIKE_MEANING; mark <= RRI_LIKE_SHAPE; mark++) {
            rr_agent_config a, b;
            rr_agent_config_init(&a, sizeof a);
            rr_agent_config_init(&b, sizeof b);
            ((unsigned char *)&b)[field->offset] ^= 1;
            const char *found = rri_likeness_difference(&a, &b, (rri_likeness)mark);
            const bool has = rri_likeness_has(field->name, (rri_likeness)mark);
            ck_assert_msg(has ? found != NULL && strcmp(found, field->name) == 0 : found == NULL,
                          "%s: %s", field->name, found != NULL ? found : "none");
        }
    }
    rr_agent_config a, b;
    rr_agent_config_init(&a, sizeof a);
    rr_agent_config_init(&b, sizeof b);
    b.hidden[3] = 7; /* the last of a list */
    ck_assert_str_eq(rri_likeness_difference(&a, &b, RRI_LIKE_MEANING), "hidden");
    ck_assert(!rri_likeness_has("no_such_field", RRI_LIKE_MEANING));
}
END_TEST

START_TEST(test_likeness_text_is_as_configs_are_written)
{
    rr_agent_config config;
    char text[RRI_CONFIG_TEXT_CAPACITY];
    rr_agent_config_init(&config, sizeof config);
    rri_likeness_text(text, &config, "hidden");
    ck_assert_str_eq(text, "64,64");
    rri_likeness_text(text, &config, "head");
    ck_assert_str_eq(text, "tower");
    rri_likeness_text(text, &config, "no_such_field");
    ck_assert_str_eq(text, "");
}
END_TEST

CHECK_MAIN("model/likeness", test_likeness_every_field_of_the_config_is_judged,
           test_likeness_finds_each_field_by_name, test_likeness_text_is_as_configs_are_written)
