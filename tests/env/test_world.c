/* SPDX-License-Identifier: MIT */
#include "env/world.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

static rri_allocator allocator(void)
{
    rri_allocator made;
    ck_assert_int_eq(rri_allocator_init(&made, NULL, NULL), RR_OK);
    return made;
}

static rr_env_config config_of(int32_t num_items, int32_t state_dim, float tire)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.num_items = num_items;
    config.state_dim = state_dim;
    config.tire = tire;
    config.world_seed = 11;
    return config;
}

START_TEST(test_world_items_are_normal_with_variance_1_over_d)
{
    const rri_allocator malloced = allocator();
    const rr_env_config config = config_of(5000, 64, 0.0f);
    rr_items *items = NULL;
    ck_assert_int_eq(rri_world_create_items(&items, &config, &malloced, NULL), RR_OK);
    const float *vectors = rri_items_vectors(items);
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < 5000 * 32; i++) {
        sum += (double)vectors[i];
        squares += (double)vectors[i] * (double)vectors[i];
    }
    const double n = 5000.0 * 32.0;
    ck_assert_double_le(fabs(sum / n), 4.0 / sqrt(32.0 * n));
    ck_assert_double_le(fabs(32.0 * squares / n - 1.0), 4.0 * sqrt(2.0 / n));
    rri_items_release(items);
}
END_TEST

START_TEST(test_world_tiring_items_differ_in_the_pull_alone)
{
    const rri_allocator malloced = allocator();
    const rr_env_config plain = config_of(4000, 16, 0.0f);
    const rr_env_config tiring = config_of(4000, 16, 0.2f);
    rr_items *a = NULL;
    rr_items *b = NULL;
    ck_assert_int_eq(rri_world_create_items(&a, &plain, &malloced, NULL), RR_OK);
    ck_assert_int_eq(rri_world_create_items(&b, &tiring, &malloced, NULL), RR_OK);
    const float *with = rri_items_vectors(b);
    const float *without = rri_items_vectors(a);
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < 4000; i++) {
        ck_assert_mem_eq(with + i * 8, without + i * 8, 7 * sizeof(float));
        const double pull = (double)with[i * 8 + 7];
        ck_assert(pull >= 0.0 && pull <= 1.0);
        sum += pull;
        squares += pull * pull;
    }
    ck_assert_double_le(fabs(sum / 4000.0 - 0.5), 0.02);
    ck_assert_double_le(fabs(squares / 4000.0 - 1.0 / 3.0), 0.02);
    rri_items_release(a);
    rri_items_release(b);
}
END_TEST

START_TEST(test_world_user_is_a_function_of_seed_and_session)
{
    const rri_world_users users = {.seed = 5, .dim = 7};
    const rri_world_users others = {.seed = 6, .dim = 7};
    float first[7], again[7], next[7], other[7];
    rri_world_draw_user(first, &users, 123456789012345);
    rri_world_draw_user(next, &users, 123456789012346);
    rri_world_draw_user(again, &users, 123456789012345);
    rri_world_draw_user(other, &others, 123456789012345);
    ck_assert_mem_eq(first, again, sizeof first);
    ck_assert_mem_ne(first, next, sizeof first);
    ck_assert_mem_ne(first, other, sizeof first);
}
END_TEST

START_TEST(test_world_random_users_are_standard_normal)
{
    const rri_world_users users = {.seed = 5, .dim = 8, .has_pull = true};
    double sum = 0.0, squares = 0.0;
    for (uint64_t session = 0; session < 20000; session++) {
        float user[8];
        rri_world_draw_user(user, &users, session);
        ck_assert(user[7] == 1.0f);
        for (size_t j = 0; j < 7; j++) {
            sum += (double)user[j];
            squares += (double)user[j] * (double)user[j];
        }
    }
    ck_assert_double_le(fabs(sum / 140000.0), 4.0 / sqrt(140000.0));
    ck_assert_double_le(fabs(squares / 140000.0 - 1.0), 4.0 * sqrt(2.0 / 140000.0));
}
END_TEST

START_TEST(test_world_table_rows_are_taken_evenly_and_whole)
{
    float table[10][3];
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 3; j++) {
            table[i][j] = (float)(10 * i + j);
        }
    }
    const rri_world_users users = {.seed = 5, .table = &table[0][0], .n_users = 10, .dim = 3};
    double counts[10] = {0};
    for (uint64_t session = 0; session < 10000; session++) {
        float user[3];
        rri_world_draw_user(user, &users, session);
        const int row = (int)user[0] / 10;
        ck_assert_mem_eq(user, table[row], sizeof user);
        counts[row] += 1.0;
    }
    double chi = 0.0;
    for (int i = 0; i < 10; i++) {
        chi += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
    }
    ck_assert_double_le(chi, 27.9); /* 99.9 % of χ² with 9 degrees of freedom */
}
END_TEST

START_TEST(test_world_mean_user_is_the_mean)
{
    const float table[] = {1.0f, 2.0f, 3.0f, 6.0f, 5.0f, -2.0f};
    const rri_world_users few = {.table = table, .n_users = 3, .dim = 2};
    float mean[4], scratch[4];
    double sums[4];
    rri_world_mean_user(mean, &few, scratch, sums);
    ck_assert(mean[0] == 3.0f && mean[1] == 2.0f);

    const rri_world_users random = {.seed = 9, .dim = 4, .has_pull = true};
    rri_world_mean_user(mean, &random, scratch, sums);
    double running[4] = {0};
    for (uint64_t s = 0; s < 4096; s++) {
        rri_world_draw_user(scratch, &random, s);
        for (size_t j = 0; j < 4; j++) {
            running[j] += ((double)scratch[j] - running[j]) / (double)(s + 1);
        }
    }
    for (size_t j = 0; j < 4; j++) {
        ck_assert_double_le(fabs((double)mean[j] - running[j]), 1e-7);
    }
    ck_assert(mean[3] == 1.0f);
}
END_TEST

START_TEST(test_world_list_holds_different_items_of_the_pool)
{
    const int32_t n_items = 30;
    for (uint32_t k = 1; k <= 30; k++) {
        int32_t list[30];
        int32_t *seen = malloc(rri_world_list_table(k) * sizeof *seen);
        for (uint32_t step = 0; step < 50; step++) {
            rri_world_draw_list(list, 3, 17, step, n_items, k, seen);
            int32_t times[30] = {0};
            for (uint32_t i = 0; i < k; i++) {
                ck_assert(list[i] >= 0 && list[i] < n_items);
                times[list[i]]++;
                ck_assert_int_eq(times[list[i]], 1);
            }
        }
        free(seen);
    }
}
END_TEST

START_TEST(test_world_list_favours_no_item)
{
    double counts[20] = {0};
    const uint32_t k = 8;
    int32_t list[8], seen[16];
    ck_assert_uint_eq(rri_world_list_table(k), 16);
    for (uint64_t session = 0; session < 20000; session++) {
        rri_world_draw_list(list, 3, session, 4, 20, k, seen);
        for (uint32_t i = 0; i < k; i++) {
            counts[list[i]] += 1.0;
        }
    }
    /* Of each list an item is a member with probability k/N, so counts are binomial. */
    const double mean = 20000.0 * 8.0 / 20.0;
    double chi = 0.0;
    for (int i = 0; i < 20; i++) {
        chi += (counts[i] - mean) * (counts[i] - mean) / (mean * (1.0 - 8.0 / 20.0)) * 19.0 / 20.0;
    }
    ck_assert_double_le(chi, 43.8); /* 99.9 %, 19 degrees of freedom */
}
END_TEST

START_TEST(test_world_list_is_a_function_of_seed_session_and_step)
{
    int32_t first[8], again[8], other[8], seen[16];
    rri_world_draw_list(first, 3, 4, 5, 100000, 8, seen);
    rri_world_draw_list(again, 3, 4, 5, 100000, 8, seen);
    ck_assert_mem_eq(first, again, sizeof first);
    rri_world_draw_list(other, 3, 4, 6, 100000, 8, seen);
    ck_assert_mem_ne(first, other, sizeof first);
    rri_world_draw_list(other, 3, 5, 5, 100000, 8, seen);
    ck_assert_mem_ne(first, other, sizeof first);
    rri_world_draw_list(other, 2, 4, 5, 100000, 8, seen);
    ck_assert_mem_ne(first, other, sizeof first);
}
END_TEST

CHECK_MAIN("env/world", test_world_items_are_normal_with_variance_1_over_d,
           test_world_tiring_items_differ_in_the_pull_alone,
           test_world_user_is_a_function_of_seed_and_session,
           test_world_random_users_are_standard_normal,
           test_world_table_rows_are_taken_evenly_and_whole, test_world_mean_user_is_the_mean,
           test_world_list_holds_different_items_of_the_pool, test_world_list_favours_no_item,
           test_world_list_is_a_function_of_seed_session_and_step)
