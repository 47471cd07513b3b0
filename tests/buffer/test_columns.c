/* SPDX-License-Identifier: MIT */
#include "buffer/columns.h"

#include <string.h>

#include "check_run.h"

static rr_status read(const rr_schema_map *map, rr_error *err)
{
    rri_columns columns;
    return rri_columns_read(&columns, map, 4, 3, "inherit", err);
}

START_TEST(test_columns_move_to_their_places_and_what_is_new_is_0)
{
    const float in[4] = {1, 2, 3, 4};
    const int32_t places[4] = {4, -1, 0, 2};
    float out[5] = {9, 9, 9, 9, 9};
    const float moved[5] = {3, 0, 4, 0, 1}, longer[5] = {1, 2, 3, 4, 0};
    rri_columns_move(out, 5, in, places, 4);
    ck_assert_mem_eq(out, moved, sizeof out);
    rri_columns_move(out, 5, in, NULL, 4);
    ck_assert_mem_eq(out, longer, sizeof out);
}
END_TEST

START_TEST(test_columns_of_a_map_that_cannot_be_are_refused_by_name)
{
    const int32_t fine[3] = {3, -1, 0}, outside[3] = {0, 4, 1}, below[2] = {-2, 0},
                  twice[4] = {0, 2, -1, 2}, gone[3] = {-1, -1, -1};
    const struct {
        rr_schema_map map;
        const char *sentence;
    } bad[] = {
        {{.n_states = 3, .states = outside}, "states[1] is 4; it must be in [-1, 4)"},
        {{.n_states = 2, .states = below}, "states[0] is -2"},
        {{.n_states = 4, .states = twice}, "states[1] and states[3] are both 2"},
        {{.n_states = 0}, "n_states is 0; it must be the state_dim of the earlier schema"},
        {{.n_states = -1}, "n_states is -1; it must be in [0, 4]"},
        {{.n_states = 5}, "n_states is 5; it must be in [0, 4], the width that there is"},
        {{.n_states = 3, .n_features = 4}, "n_features is 4; it must be in [0, 3]"},
        {{.n_states = 3, .n_features = 3, .features = fine}, "features[0] is 3"},
        {{.n_states = 3, .n_items = 3}, "n_items is 3; it must be 0 where items is NULL"},
        {{.n_states = 3, .items = fine}, "n_items is 0; it must be the length of items"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rr_schema_map map = bad[i].map;
        rr_error err = {0};
        map.struct_size = sizeof map;
        ck_assert_int_eq(read(&map, &err), RR_E_INVALID);
        ck_assert_msg(strstr(err.text, bad[i].sentence) != NULL, "\"%s\" does not say \"%s\"",
                      err.text, bad[i].sentence);
    }
    const rr_schema_map good[] = {
        {.struct_size = sizeof good[0], .n_states = 3, .states = fine},
        {.struct_size = sizeof good[0], .n_states = 3, .states = gone}, /* all may go, and come */
        {.struct_size = sizeof good[0], .n_states = 4, .n_features = 3, .features = gone},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_int_eq(read(&good[i], NULL), RR_OK);
    }
    ck_assert_int_eq(read(NULL, NULL), RR_E_INVALID);
}
END_TEST

CHECK_MAIN("buffer/columns", test_columns_move_to_their_places_and_what_is_new_is_0,
           test_columns_of_a_map_that_cannot_be_are_refused_by_name)
