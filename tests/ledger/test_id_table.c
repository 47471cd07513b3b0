/* SPDX-License-Identifier: MIT */
#include "ledger/id_table.h"

#include <stdlib.h>

#include "check_run.h"
#include "core/hash.h"

typedef struct sample {
    rri_id_table table;
    void *block;
} sample;

static sample open_table(size_t max_ids)
{
    sample s = {0};
    rri_arena arena = {0};
    rri_id_table_layout(&s.table, &arena, max_ids);
    s.block = aligned_alloc(64, (arena.used + 64) / 64 * 64);
    arena = (rri_arena){.base = s.block};
    rri_id_table_layout(&s.table, &arena, max_ids);
    rri_id_table_clear(&s.table);
    return s;
}

START_TEST(test_id_table_finds_what_was_added_and_nothing_else)
{
    sample s = open_table(3);
    ck_assert_int_eq(rri_id_table_find(&s.table, 0), -1);
    rri_id_table_add(&s.table, 0, 7);
    rri_id_table_add(&s.table, UINT64_MAX, 0);
    rri_id_table_add(&s.table, 5, 2);
    ck_assert_int_eq(rri_id_table_find(&s.table, 0), 7);
    ck_assert_int_eq(rri_id_table_find(&s.table, UINT64_MAX), 0);
    ck_assert_int_eq(rri_id_table_find(&s.table, 5), 2);
    ck_assert_int_eq(rri_id_table_find(&s.table, 6), -1);
    rri_id_table_remove(&s.table, 6);
    rri_id_table_remove(&s.table, 5);
    ck_assert_int_eq(rri_id_table_find(&s.table, 5), -1);
    ck_assert_int_eq(rri_id_table_find(&s.table, 0), 7);
    rri_id_table_clear(&s.table);
    ck_assert_int_eq(rri_id_table_find(&s.table, 0), -1);
    free(s.block);
}
END_TEST

START_TEST(test_id_table_without_room_holds_nothing)
{
    sample s = open_table(0);
    ck_assert_int_eq(rri_id_table_find(&s.table, 1), -1);
    free(s.block);
}
END_TEST

/* Against a plain list, over many additions and removals near full. */
START_TEST(test_id_table_agrees_with_a_plain_list_whatever_comes_and_goes)
{
    enum { MOST = 48, UNIVERSE = 96, TURNS = 200000 };
    sample s = open_table(MOST);
    int32_t plain[UNIVERSE];
    for (int i = 0; i < UNIVERSE; i++) {
        plain[i] = -1;
    }
    size_t n_held = 0;
    for (uint64_t turn = 0; turn < TURNS; turn++) {
        const uint64_t draw = rri_hash_mix(turn + 1);
        const uint64_t id = draw % UNIVERSE;
        ck_assert_int_eq(rri_id_table_find(&s.table, id * 3), plain[id]);
        if (plain[id] >= 0) {
            rri_id_table_remove(&s.table, id * 3);
            plain[id] = -1;
            n_held--;
        } else if (n_held < MOST) {
            plain[id] = (int32_t)(draw >> 40);
            rri_id_table_add(&s.table, id * 3, plain[id]);
            n_held++;
        }
    }
    for (uint64_t id = 0; id < UNIVERSE; id++) {
        ck_assert_int_eq(rri_id_table_find(&s.table, id * 3), plain[id]);
    }
    free(s.block);
}
END_TEST

CHECK_MAIN("ledger/id_table", test_id_table_finds_what_was_added_and_nothing_else,
           test_id_table_without_room_holds_nothing,
           test_id_table_agrees_with_a_plain_list_whatever_comes_and_goes)
