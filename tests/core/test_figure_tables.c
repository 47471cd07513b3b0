/* SPDX-License-Identifier: MIT */
#include "core/figure_tables.h"

#include <stdbool.h>
#include <string.h>

#include "check_run.h"

enum { END = RR_FIGURES_HEALTH + 1 };

START_TEST(test_figure_tables_there_is_one_for_every_struct)
{
    const size_t sizes[END] = {0, sizeof(rr_stats), sizeof(rr_ledger_counts), sizeof(rr_slot_info),
                               sizeof(rr_health_report)};
    for (int32_t of = 1; of < END; of++) {
        ck_assert_ptr_nonnull(rri_figure_table_of(of));
        ck_assert_uint_eq(rri_figure_table_of(of)->size, sizes[of]);
    }
    ck_assert_ptr_null(rri_figure_table_of(-1));
    ck_assert_ptr_null(rri_figure_table_of(0));
    ck_assert_ptr_null(rri_figure_table_of(END));
}
END_TEST

/* Structs have no holes, so figures that follow one another from behind struct_size to the end are
 * all fields there are. Only `reserved`, 4 bytes, may lie between two. */
START_TEST(test_figure_tables_have_every_field_in_its_place)
{
    for (int32_t of = 1; of < END; of++) {
        const rri_figure_table *table = rri_figure_table_of(of);
        size_t end = sizeof(uint32_t), n_reserved = 0;
        for (size_t i = 0; i < table->n; i++) {
            const rri_figure *figure = &table->figures[i];
            const bool is_behind_reserved =
                of == RR_FIGURES_STATS && end == offsetof(rr_stats, reserved);
            end += is_behind_reserved ? sizeof(uint32_t) : 0;
            n_reserved += is_behind_reserved ? 1 : 0;
            ck_assert_msg(figure->offset == end, "%s: before %s a field is missing", table->type,
                          figure->name);
            end += rri_figure_type_size(figure->type);
        }
        ck_assert_msg(end == table->size, "%s: fields behind %s are missing", table->type,
                      table->figures[table->n - 1].name);
        ck_assert_uint_eq(n_reserved, of == RR_FIGURES_STATS);
    }
}
END_TEST

START_TEST(test_figure_tables_types_are_those_of_the_fields)
{
    const rri_figure *stats = rri_figure_table_of(RR_FIGURES_STATS)->figures;
    const rri_figure *health = rri_figure_table_of(RR_FIGURES_HEALTH)->figures;
    const rri_figure *slot = rri_figure_table_of(RR_FIGURES_SLOT)->figures;
    const struct {
        const rri_figure *figure;
        const char *name, *type;
        size_t size;
    } known[] = {{&stats[0], "n_rows", "int32", 4},
                 {&stats[5], "policy_loss", "float", 4},
                 {&stats[16], "n_updates", "int64", 8},
                 {&health[1], "ill", "uint32", 4},
                 {&slot[3], "version", "uint64", 8}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ck_assert_str_eq(known[i].figure->name, known[i].name);
        ck_assert_str_eq(rri_figure_type_name(known[i].figure->type), known[i].type);
        ck_assert_uint_eq(rri_figure_type_size(known[i].figure->type), known[i].size);
    }
}
END_TEST

/* What an exporter writes behind a name and a unit, in one line. */
START_TEST(test_figure_tables_texts_are_one_plain_line)
{
    static const char units[] =
        " rows passes steps flag reward reward^2 nats share updates sessions "
        "rewards decisions bytes clock readers policies publishes requests "
        "bits items candidates deviations ";
    for (int32_t of = 1; of < END; of++) {
        const rri_figure_table *table = rri_figure_table_of(of);
        for (size_t i = 0; i < table->n; i++) {
            const rri_figure *figure = &table->figures[i];
            char word[32] = " ";
            strncat(word, figure->unit, 24);
            strcat(word, " ");
            ck_assert_msg(figure->unit[0] == '\0' || strstr(units, word) != NULL, "%s: unit %s",
                          figure->name, figure->unit);
            ck_assert_uint_gt(strlen(figure->text), 5);
            ck_assert_ptr_null(strpbrk(figure->text, "\n\"\\|"));
            ck_assert(figure->form == RR_FIGURE_COUNTER || figure->form == RR_FIGURE_GAUGE ||
                      figure->form == RR_FIGURE_NAME);
            ck_assert(figure->type != RRI_FIGURE_UINT64 || figure->form == RR_FIGURE_NAME);
        }
    }
}
END_TEST

CHECK_MAIN("core/figure_tables", test_figure_tables_there_is_one_for_every_struct,
           test_figure_tables_have_every_field_in_its_place,
           test_figure_tables_types_are_those_of_the_fields,
           test_figure_tables_texts_are_one_plain_line)
