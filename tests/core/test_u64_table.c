/* SPDX-License-Identifier: MIT */
#include "core/u64_table.h"

#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "crafted_keys.h"

typedef struct sample {
    rri_u64_table table;
    uint64_t *keys;
    size_t n;
} sample;

static sample open_table(size_t most)
{
    sample s = {0};
    rri_u64_table_layout(&s.table, &(rri_arena){0}, rri_u64_table_slots(most));
    s.table.slots = calloc(s.table.n_slots + 1, sizeof(int32_t));
    s.keys = calloc(most + 1, sizeof(uint64_t));
    rri_u64_table_clear(&s.table);
    return s;
}

static void close_table(sample *s)
{
    free(s->table.slots);
    free(s->keys);
}

static void add(sample *s, uint64_t key)
{
    int32_t *slot = rri_u64_table_slot(&s->table, s->keys, key);
    ck_assert_int_eq(*slot, -1);
    s->keys[s->n] = key;
    *slot = (int32_t)s->n++;
}

static int32_t find(const sample *s, uint64_t key)
{
    return rri_u64_table_find(&s->table, s->keys, key);
}

START_TEST(test_u64_table_finds_what_was_added_and_nothing_else)
{
    sample s = open_table(4);
    ck_assert_int_eq(find(&s, 0), -1);
    add(&s, 0);
    add(&s, UINT64_MAX);
    add(&s, 5);
    ck_assert_int_eq(find(&s, 0), 0);
    ck_assert_int_eq(find(&s, UINT64_MAX), 1);
    ck_assert_int_eq(find(&s, 5), 2);
    ck_assert_int_eq(find(&s, 6), -1);
    rri_u64_table_remove(&s.table, s.keys, 6);
    rri_u64_table_remove(&s.table, s.keys, 5);
    ck_assert_int_eq(find(&s, 5), -1);
    ck_assert_int_eq(find(&s, 0), 0);
    rri_u64_table_clear(&s.table);
    ck_assert_int_eq(find(&s, 0), -1);
    close_table(&s);
}
END_TEST

START_TEST(test_u64_table_without_room_holds_nothing)
{
    sample s = open_table(0);
    ck_assert_int_eq(find(&s, 1), -1);
    rri_u64_table_remove(&s.table, s.keys, 1);
    close_table(&s);
}
END_TEST

START_TEST(test_u64_table_is_at_most_half_full_and_an_absurd_size_is_seen)
{
    ck_assert_uint_eq(rri_u64_table_slots(0), 0);
    ck_assert_uint_eq(rri_u64_table_slots(1), 4);
    for (size_t n = 1; n < 1000; n++) {
        const size_t n_slots = rri_u64_table_slots(n);
        ck_assert(n_slots >= 2 * n && (n_slots & (n_slots - 1)) == 0);
        ck_assert(n_slots == 4 || n_slots / 2 < 2 * n);
    }
    ck_assert_uint_eq(rri_u64_table_slots(SIZE_MAX), SIZE_MAX);
    ck_assert_uint_eq(rri_u64_table_slots(SIZE_MAX / 2 + 1), SIZE_MAX);
}
END_TEST

/* Against a plain list, over many additions and removals near full. */
START_TEST(test_u64_table_agrees_with_a_plain_list_whatever_comes_and_goes)
{
    enum { UNIVERSE = 96, MOST = UNIVERSE, TURNS = 200000 };
    sample s = open_table(MOST);
    int32_t plain[UNIVERSE];
    for (uint64_t i = 0; i < UNIVERSE; i++) {
        plain[i] = -1;
        s.keys[i] = i * 3;
    }
    s.table.n_slots = 128; /* three in four are taken at most, where runs are long */
    size_t n_held = 0;
    for (uint64_t turn = 0; turn < TURNS; turn++) {
        const uint64_t id = rri_hash_mix(turn + 1) % UNIVERSE;
        ck_assert_int_eq(find(&s, id * 3), plain[id]);
        if (plain[id] >= 0) {
            rri_u64_table_remove(&s.table, s.keys, id * 3);
            plain[id] = -1;
            n_held--;
        } else if (n_held < 96) {
            plain[id] = (int32_t)id;
            *rri_u64_table_slot(&s.table, s.keys, id * 3) = plain[id];
            n_held++;
        }
    }
    for (uint64_t id = 0; id < UNIVERSE; id++) {
        ck_assert_int_eq(find(&s, id * 3), plain[id]);
    }
    close_table(&s);
}
END_TEST

/* Whatever keys somebody makes up who does not know the salt: those that an unsalted hash would all
 * send to one slot, and those that differ in a few bits alone. */
START_TEST(test_u64_table_is_not_flooded_by_crafted_keys)
{
    enum { MANY = 20000 };
    for (uint64_t kind = 0; kind < CRAFTED_KINDS; kind++) {
        sample s = open_table(MANY);
        for (uint64_t i = 0; i < MANY; i++) {
            add(&s, crafted_key(kind, i));
        }
        const double steps = crafted_mean_steps(&s.table, s.keys);
        ck_assert_msg(steps < CRAFTED_MOST_STEPS, "kind %d: %.1f steps a key", (int)kind, steps);
        close_table(&s);
    }
}
END_TEST

START_TEST(test_u64_table_of_another_time_has_another_salt)
{
    sample s = open_table(100), other = open_table(100);
    ck_assert_uint_ne(s.table.salt[0], other.table.salt[0]);
    ck_assert_uint_ne(s.table.salt[1], other.table.salt[1]);
    const uint64_t before = s.table.salt[0];
    rri_u64_table_clear(&s.table);
    ck_assert_uint_ne(s.table.salt[0], before);
    ck_assert_uint_eq(s.table.salt[1] % 2, 1);
    close_table(&s);
    close_table(&other);
}
END_TEST

CHECK_MAIN("core/u64_table", test_u64_table_finds_what_was_added_and_nothing_else,
           test_u64_table_without_room_holds_nothing,
           test_u64_table_is_at_most_half_full_and_an_absurd_size_is_seen,
           test_u64_table_agrees_with_a_plain_list_whatever_comes_and_goes,
           test_u64_table_is_not_flooded_by_crafted_keys,
           test_u64_table_of_another_time_has_another_salt)
