/* SPDX-License-Identifier: MIT */
/* What an encoder reads of histories; what it makes of tokens is tests/nn/. */
#include "model/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 70, HISTORY = 9, WINDOW = 5, LONGER = 20, ITEMS = 30, D = 4, E = 6 };

typedef struct scene {
    rri_params params;
    rri_encoder encoder;
    float *values;
    float vectors[ITEMS * D];
    int32_t history[N * HISTORY];
    float rewards[N * HISTORY];
    rri_inputs in;
    void *block;
    rri_stack scratch;
} scene;

static const int32_t KINDS[] = {RR_ENCODER_MEAN, RR_ENCODER_GRU, RR_ENCODER_TRANSFORMER};
enum { N_KINDS = sizeof KINDS / sizeof KINDS[0] };

static void lay_out(scene *s, rri_arena *arena)
{
    rri_encoder_layout(&s->encoder, arena, rri_kernels_detect());
    s->values = RRI_TAKE(arena, float, s->params.n_floats);
    s->scratch.size = rri_encoder_scratch(&s->encoder);
    s->scratch.base = RRI_TAKE(arena, char, s->scratch.size);
}

/* Row i has i mod 10 items, the oldest first. */
static scene *open_scene(int32_t kind, int32_t has_rewards)
{
    scene *s = calloc(1, sizeof *s);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.encoder = kind;
    config.encoder_width = E;
    config.encoder_layers = kind == RR_ENCODER_TRANSFORMER ? 2 : 1;
    config.encoder_heads = kind == RR_ENCODER_TRANSFORMER ? 3 : 1;
    config.encoder_history = WINDOW;
    config.encoder_rewards = has_rewards;
    ck_assert_int_eq(rri_encoder_declare(&s->encoder, &s->params, &config, D, NULL), RR_OK);
    rri_arena arena = {0};
    lay_out(s, &arena);
    s->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = s->block};
    lay_out(s, &arena);
    gradcheck_draw(s->values, s->params.n_floats, -0.7f, 0.7f, 1);
    gradcheck_draw(s->vectors, ITEMS * D, -1.0f, 1.0f, 2);
    gradcheck_draw(s->rewards, N * HISTORY, -1.0f, 1.0f, 3);
    rri_encoder_pack(&s->encoder, s->values);
    for (int32_t i = 0; i < N * HISTORY; i++) {
        const int32_t row = i / HISTORY, place = i % HISTORY;
        s->history[i] = place < HISTORY - row % (HISTORY + 1) ? -1 : (i * 7 + row) % ITEMS;
    }
    s->in = (rri_inputs){.history = s->history,
                         .history_rewards = s->rewards,
                         .h = HISTORY,
                         .vectors = s->vectors,
                         .n_items = ITEMS};
    return s;
}

static void close_scene(scene *s)
{
    ck_assert_uint_eq(s->scratch.used, 0);
    free(s->block);
    free(s);
}

static void encode(float e[N * E], scene *s, const rri_inputs *in)
{
    gradcheck_fill_nan(e, N * E);
    rri_encoder_forward(&s->encoder, e, E, in, 0, N / 3, &s->scratch);
    rri_encoder_forward(&s->encoder, e, E, in, N / 3, N, &s->scratch);
}

START_TEST(test_encoder_padding_in_front_changes_no_bit)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        float e[N * E], padded[N * E], rewards[N * LONGER];
        int32_t history[N * LONGER];
        encode(e, s, &s->in);
        for (size_t i = 0; i < N * LONGER; i++) {
            const size_t row = i / LONGER, place = i % LONGER;
            const bool is_front = place < LONGER - HISTORY;
            const size_t at = is_front ? 0 : row * HISTORY + place - (LONGER - HISTORY);
            history[i] = is_front ? -1 : s->history[at];
            rewards[i] = is_front ? 9.0f : s->rewards[at];
        }
        rri_inputs in = s->in;
        in.history = history;
        in.history_rewards = rewards;
        in.h = LONGER;
        encode(padded, s, &in);
        ck_assert_mem_eq(e, padded, sizeof e);
        close_scene(s);
    }
}
END_TEST

START_TEST(test_encoder_items_before_the_window_change_no_bit)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        float e[N * E], other[N * E];
        encode(e, s, &s->in);
        for (size_t row = 0; row < N; row++) {
            for (size_t j = 0; j < HISTORY - WINDOW; j++) {
                s->history[row * HISTORY + j] = 3;
                s->rewards[row * HISTORY + j] += 1.0f;
            }
        }
        encode(other, s, &s->in);
        for (size_t row = 0; row < N; row++) { /* rows whose window was full before */
            const bool is_full = row % (HISTORY + 1) >= WINDOW;
            const bool is_same = memcmp(e + row * E, other + row * E, E * sizeof(float)) == 0;
            ck_assert_int_eq(is_same, is_full);
        }
        close_scene(s);
    }
}
END_TEST

START_TEST(test_encoder_what_is_not_in_the_pool_is_not_there)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        float e[N * E], other[N * E];
        for (size_t i = 0; i < N * HISTORY; i += 2) {
            s->history[i] = -1;
        }
        encode(e, s, &s->in);
        for (size_t i = 0; i < N * HISTORY; i += 2) {
            s->history[i] = ITEMS + (int32_t)i;
        }
        encode(other, s, &s->in);
        ck_assert_mem_eq(e, other, sizeof e);
        s->in.history = NULL; /* no history at all: the vector of rows without items, as row 0 */
        encode(other, s, &s->in);
        ck_assert_mem_eq(other + (N - 1) * E, e, E * sizeof(float));
        close_scene(s);
    }
}
END_TEST

START_TEST(test_encoder_rewards_are_in_the_unit_or_not_read)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        float e[N * E], other[N * E];
        encode(e, s, &s->in);
        for (size_t i = 0; i < N * HISTORY; i++) {
            s->rewards[i] *= 8.0f;
        }
        encode(other, s, &s->in);
        ck_assert(memcmp(e, other, sizeof e) != 0);
        s->encoder.reward_unit = 0.125f;
        encode(other, s, &s->in);
        ck_assert_mem_eq(e, other, sizeof e);
        close_scene(s);

        s = open_scene(KINDS[k], 0);
        encode(e, s, &s->in);
        s->in.history_rewards = NULL;
        encode(other, s, &s->in);
        ck_assert_mem_eq(e, other, sizeof e);
        close_scene(s);
    }
}
END_TEST

START_TEST(test_encoder_order_matters_but_to_the_mean)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        float e[N * E], other[N * E];
        encode(e, s, &s->in);
        for (size_t row = 0; row < N; row++) { /* the last two of each row change places */
            int32_t *item = s->history + (row + 1) * HISTORY - 2;
            float *reward = s->rewards + (row + 1) * HISTORY - 2;
            const bool is_there = item[0] >= 0;
            const int32_t first = item[0];
            const float earned = reward[0];
            item[0] = is_there ? item[1] : item[0];
            reward[0] = is_there ? reward[1] : reward[0];
            item[1] = is_there ? first : item[1];
            reward[1] = is_there ? earned : reward[1];
        }
        encode(other, s, &s->in);
        for (size_t i = 0; i < N * E; i++) {
            if (KINDS[k] == RR_ENCODER_MEAN) {
                ck_assert_float_eq_tol(e[i], other[i], 1e-5f);
            } else if (i / E % (HISTORY + 1) >= 2) {
                ck_assert_float_ne(e[i], other[i]);
            }
        }
        close_scene(s);
    }
}
END_TEST

START_TEST(test_encoder_gradient_of_many_rows_is_the_sum_of_theirs)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        const size_t n = s->encoder.end - s->encoder.begin;
        float *together = calloc(n, sizeof(float)), *alone = calloc(n, sizeof(float));
        float r[N * 2 * E]; /* with a stride of two widths, as beside a state */
        int32_t rows[N];
        gradcheck_cotangent(r, (size_t)N * 2 * E, 4);
        for (int32_t i = 0; i < N; i++) {
            rows[i] = N - 1 - i;
        }
        s->in.rows = rows;
        rri_encoder_backward(&s->encoder, together, r, (size_t)2 * E, &s->in, 0, N, &s->scratch);
        for (size_t i = 0; i < N; i++) {
            rri_encoder_backward(&s->encoder, alone, r, (size_t)2 * E, &s->in, i, i + 1,
                                 &s->scratch);
        }
        float largest = 0.0f;
        for (size_t i = 0; i < n; i++) {
            ck_assert_float_eq_tol(together[i], alone[i], 2e-5f * (1.0f + fabsf(alone[i])));
            largest = fmaxf(largest, fabsf(alone[i]));
        }
        ck_assert_float_gt(largest, 1.0f);
        free(together);
        free(alone);
        close_scene(s);
    }
}
END_TEST

/* Rows become those of sessions, each 7 long, whose j-th row has its first j showings, but that the
 * 4th has those of the 3rd again, and the rows behind one fewer than their number. `other` is a row
 * whose past differs from that of the row before in the reward of its first showing alone. */
static void make_sessions(scene *s, int32_t other)
{
    for (int32_t i = 0; i < N; i++) {
        const int32_t session = i / 7, step = i % 7, n = step < 4 ? step : step - 1;
        for (int32_t j = 0; j < HISTORY; j++) {
            const int32_t shown = j - (HISTORY - n), at = i * HISTORY + j;
            s->history[at] = shown < 0 ? -1 : (session * 11 + shown * 3) % ITEMS;
            s->rewards[at] = shown < 0 ? 9.0f : 0.1f * (float)((session + shown) % 5) - 0.2f;
            s->rewards[at] += i == other && shown == 0 ? 0.25f : 0.0f;
        }
    }
}

START_TEST(test_encoder_rows_that_share_their_past_have_the_bits_of_rows_alone)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        scene *s = open_scene(KINDS[k], 1);
        const size_t n = s->encoder.end - s->encoder.begin;
        float *together = calloc(n, sizeof(float)), *alone = calloc(n, sizeof(float));
        float e[N * E], apart[N * E], r[N * E];
        make_sessions(s, 10);
        gradcheck_cotangent(r, (size_t)N * E, 4);
        rri_encoder_forward(&s->encoder, e, E, &s->in, 0, N, &s->scratch);
        rri_encoder_backward(&s->encoder, together, r, E, &s->in, 0, N, &s->scratch);
        for (size_t i = 0; i < N; i++) {
            rri_encoder_forward(&s->encoder, apart, E, &s->in, i, i + 1, &s->scratch);
            rri_encoder_backward(&s->encoder, alone, r, E, &s->in, i, i + 1, &s->scratch);
        }
        ck_assert_mem_eq(e, apart, sizeof e);
        for (size_t i = 0; i < n; i++) {
            ck_assert_float_eq_tol(together[i], alone[i], 1e-5f * (1.0f + fabsf(alone[i])));
        }
        free(together);
        free(alone);
        close_scene(s);
    }
}
END_TEST

/* A share ends where a run does: rows of one session are encoded once. */
START_TEST(test_encoder_a_share_does_not_cut_a_session)
{
    scene *s = open_scene(RR_ENCODER_GRU, 1);
    make_sessions(s, -1);
    ck_assert_uint_eq(rri_encoder_share(&s->encoder, &s->in, 0, 20), 20);
    /* two runs a session, of 4 and 3 rows: 12 of them are behind row 41 */
    ck_assert_uint_eq(rri_encoder_share(&s->encoder, &s->in, 0, N), 42);
    ck_assert_uint_eq(rri_encoder_share(&s->encoder, &s->in, 42, N), N);
    s->encoder.shape.window = 3; /* rows that saw more begin later than those before them */
    ck_assert_uint_eq(rri_encoder_share(&s->encoder, &s->in, 0, N), 32);
    close_scene(s);
}
END_TEST

START_TEST(test_encoder_none_registers_nothing)
{
    rri_params params = {0};
    rri_encoder encoder;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    ck_assert_int_eq(rri_encoder_declare(&encoder, &params, &config, D, NULL), RR_OK);
    ck_assert_ptr_null(encoder.form);
    ck_assert_uint_eq(params.n_params, 0);
    ck_assert_uint_eq(encoder.end, encoder.begin);
    ck_assert_uint_eq(rri_encoder_scratch(&encoder), 0);
}
END_TEST

CHECK_MAIN("model/encoder", test_encoder_padding_in_front_changes_no_bit,
           test_encoder_items_before_the_window_change_no_bit,
           test_encoder_what_is_not_in_the_pool_is_not_there,
           test_encoder_rewards_are_in_the_unit_or_not_read,
           test_encoder_order_matters_but_to_the_mean,
           test_encoder_gradient_of_many_rows_is_the_sum_of_theirs,
           test_encoder_rows_that_share_their_past_have_the_bits_of_rows_alone,
           test_encoder_a_share_does_not_cut_a_session, test_encoder_none_registers_nothing)
