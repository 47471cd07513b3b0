/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

/* Index of a figure by its name. */
static int32_t index_of(int32_t of, const char *name)
{
    rr_figure figure = {.struct_size = sizeof figure};
    for (int32_t i = 0; i < rr_figure_count(of); i++) {
        ck_assert_int_eq(rr_figure_at(of, i, &figure, NULL), RR_OK);
        if (strcmp(figure.name, name) == 0) {
            return i;
        }
    }
    ck_abort_msg("there is no figure %s", name);
    return -1;
}

static double value_of(int32_t of, const char *name, const void *from)
{
    double value = -1.0;
    ck_assert_int_eq(rr_figure_read(of, index_of(of, name), from, &value, NULL), RR_OK);
    return value;
}

START_TEST(test_api_figures_values_are_those_of_the_fields)
{
    const rr_stats stats = {.struct_size = sizeof stats,
                            .n_rows = -7,
                            .ess = 0.25f,
                            .explained_variance = NAN,
                            .n_updates = INT64_C(1) << 40,
                            .n_rejected = 3};
    const rr_ledger_counts counts = {
        .struct_size = sizeof counts, .recorded = 5, .late = 2, .clock = INT64_MIN};
    const rr_slot_info slot = {.struct_size = sizeof slot, .is_held = 1, .n_other = 9};
    const rr_health_report health = {
        .struct_size = sizeof health, .ill = UINT32_C(0x80000001), .trained_share = 0.5f};
    ck_assert(value_of(RR_FIGURES_STATS, "n_rows", &stats) == -7.0);
    ck_assert(value_of(RR_FIGURES_STATS, "ess", &stats) == 0.25);
    ck_assert(isnan(value_of(RR_FIGURES_STATS, "explained_variance", &stats)));
    ck_assert(value_of(RR_FIGURES_STATS, "n_updates", &stats) == 0x1p40);
    ck_assert(value_of(RR_FIGURES_STATS, "n_rejected", &stats) == 3.0);
    ck_assert(value_of(RR_FIGURES_COUNTS, "recorded", &counts) == 5.0);
    ck_assert(value_of(RR_FIGURES_COUNTS, "late", &counts) == 2.0);
    ck_assert(value_of(RR_FIGURES_COUNTS, "clock", &counts) == -0x1p63);
    ck_assert(value_of(RR_FIGURES_SLOT, "is_held", &slot) == 1.0);
    ck_assert(value_of(RR_FIGURES_SLOT, "n_other", &slot) == 9.0);
    ck_assert(value_of(RR_FIGURES_HEALTH, "ill", &health) == 2147483649.0);
    ck_assert(value_of(RR_FIGURES_HEALTH, "trained_share", &health) == 0.5);
}
END_TEST

START_TEST(test_api_figures_say_form_unit_type_and_place)
{
    rr_figure figure = {.struct_size = sizeof figure};
    const int32_t late = index_of(RR_FIGURES_COUNTS, "late");
    ck_assert_int_eq(rr_figure_at(RR_FIGURES_COUNTS, late, &figure, NULL), RR_OK);
    ck_assert_int_eq(figure.form, RR_FIGURE_COUNTER);
    ck_assert_str_eq(figure.unit, "rewards");
    ck_assert_str_eq(figure.type, "int64");
    ck_assert_uint_eq(figure.offset, offsetof(rr_ledger_counts, late));
    ck_assert_ptr_nonnull(strstr(figure.text, "not added"));
}
END_TEST

/* A version has 64 bits: a double would make another of it. */
START_TEST(test_api_figures_a_version_is_read_at_its_offset)
{
    rr_error err = {0};
    rr_figure figure = {.struct_size = sizeof figure};
    double value = -1.0;
    uint64_t version = 0;
    const rr_slot_info slot = {.struct_size = sizeof slot, .version = UINT64_C(0x8000000000000001)};
    const int32_t i = index_of(RR_FIGURES_SLOT, "version");
    ck_assert_int_eq(rr_figure_read(RR_FIGURES_SLOT, i, &slot, &value, &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "version has 64 bits"));
    ck_assert(value == -1.0);
    ck_assert_int_eq(rr_figure_at(RR_FIGURES_SLOT, i, &figure, NULL), RR_OK);
    ck_assert_int_eq(figure.form, RR_FIGURE_NAME);
    memcpy(&version, (const unsigned char *)&slot + figure.offset, sizeof version);
    ck_assert(version == slot.version);
}
END_TEST

/* A host of an earlier release walks the table of a later one: what its struct lacks is skipped. */
START_TEST(test_api_figures_a_shorter_struct_ends_the_loop_nowhere)
{
    rr_error err = {0};
    double value = -1.0;
    int32_t n_read = 0;
    const rr_stats stats = {.struct_size = offsetof(rr_stats, n_updates), .n_rows = 4};
    const int32_t n = rr_figure_count(RR_FIGURES_STATS);
    for (int32_t i = 0; i < n; i++) {
        const rr_status status = rr_figure_read(RR_FIGURES_STATS, i, &stats, &value, &err);
        ck_assert(status == RR_OK || status == RR_E_NOT_FOUND);
        n_read += status == RR_OK;
    }
    ck_assert_int_eq(n_read, 16); /* all before n_updates */
    ck_assert_ptr_nonnull(strstr(err.text, "ends before "));
}
END_TEST

START_TEST(test_api_figures_refuse_what_is_not_there)
{
    rr_error err = {0};
    rr_figure figure = {.struct_size = sizeof figure};
    rr_stats stats = {.struct_size = sizeof stats};
    double value;
    ck_assert_int_eq(rr_figure_count(0), -1);
    ck_assert_int_eq(rr_figure_count(5), -1);
    ck_assert_int_eq(rr_figure_at(5, 0, &figure, &err), RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "of is 5"));
    ck_assert_int_eq(rr_figure_at(RR_FIGURES_SLOT, -1, &figure, &err), RR_E_NOT_FOUND);
    ck_assert_int_eq(rr_figure_at(RR_FIGURES_SLOT, rr_figure_count(RR_FIGURES_SLOT), &figure, &err),
                     RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "of rr_slot_info it must be in [0, 13)"));
    ck_assert_int_eq(rr_figure_at(RR_FIGURES_SLOT, 0, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_figure_read(RR_FIGURES_STATS, 0, NULL, &value, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_figure_read(RR_FIGURES_STATS, 0, &stats, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_figure_read(0, 0, &stats, &value, &err), RR_E_NOT_FOUND);
    stats.struct_size = 3;
    ck_assert_int_eq(rr_figure_read(RR_FIGURES_STATS, 0, &stats, &value, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "sizeof(rr_stats)"));
}
END_TEST

CHECK_MAIN("api/api_figures", test_api_figures_values_are_those_of_the_fields,
           test_api_figures_say_form_unit_type_and_place,
           test_api_figures_a_version_is_read_at_its_offset,
           test_api_figures_a_shorter_struct_ends_the_loop_nowhere,
           test_api_figures_refuse_what_is_not_there)
