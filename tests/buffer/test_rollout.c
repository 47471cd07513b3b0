/* SPDX-License-Identifier: MIT */
#include "buffer/rollout.h"

#include "rollout_fixture.h"

START_TEST(test_rollout_record_copies_and_pads)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    const rri_rollout *r = &s.rollout;
    ck_assert_uint_eq(r->n_rows, N);
    ck_assert_uint_eq(r->n_sessions, N);
    ck_assert(r->awaits_reward);
    ck_assert_mem_eq(r->states, s.states, sizeof s.states);
    ck_assert_mem_eq(r->actions, s.actions, sizeof s.actions);
    ck_assert_mem_eq(r->log_probs, s.log_probs, sizeof s.log_probs);
    ck_assert_mem_eq(r->values, s.values, sizeof s.values);
    for (size_t i = 0; i < N; i++) {
        const size_t length = (size_t)s.lengths[i];
        ck_assert_int_eq(r->lengths[i], s.lengths[i]);
        ck_assert_uint_eq(r->fingerprints[i], 77);
        for (size_t j = 0; j < K; j++) {
            const bool is_real = j < length;
            const size_t at = i * LESS_K + j;
            ck_assert_int_eq(r->candidates[i * K + j], is_real ? s.candidates[at] : -1);
            ck_assert_int_eq(r->counts[i * K + j], is_real ? s.counts[at] : 0);
            for (size_t c = 0; c < F; c++) {
                ck_assert_float_eq(r->features[(i * K + j) * F + c],
                                   is_real ? s.features[at * F + c] : 0.0f);
            }
            const bool is_in_vectors = is_real && s.candidates[at] < 0; /* else it is not read */
            for (size_t c = 0; c < D; c++) {
                ck_assert_float_eq(r->vectors[(i * K + j) * D + c],
                                   is_in_vectors ? s.vectors[at * D + c] : 0.0f);
            }
        }
        for (size_t j = 0; j < M; j++) { /* padding behind */
            ck_assert_int_eq(r->excluded[i * M + j], j < LESS_M ? s.excluded[i * LESS_M + j] : -1);
        }
        for (size_t j = 0; j < H; j++) { /* padding in front, the newest last */
            const size_t front = H - LESS_H;
            ck_assert_int_eq(r->history[i * H + j],
                             j < front ? -1 : s.history[i * LESS_H + j - front]);
        }
    }
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_record_goes_behind_the_rows_before)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    float first[N * S];
    memcpy(first, s.states, sizeof first);
    gradcheck_draw(s.states, N * S, -1.0f, 1.0f, 9);
    s.obs.lengths = NULL; /* all k */
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_uint_eq(s.rollout.n_rows, 2 * N);
    ck_assert_mem_eq(s.rollout.states, first, sizeof first);
    ck_assert_mem_eq(s.rollout.states + N * S, s.states, sizeof first);
    ck_assert_int_eq(s.rollout.lengths[N + 1], LESS_K);
    ck_assert_int_eq(s.rollout.history[(N + 1) * H + H - 1], s.history[LESS_H + LESS_H - 1]);
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_form_is_what_an_observation_has)
{
    sample s;
    sample_open(&s);
    rri_row_form form = rri_rollout_form_of(&s.obs);
    ck_assert(form.has_lists && form.has_candidates && form.has_vectors && form.has_features &&
              form.has_counts && form.has_excluded && form.has_history);
    s.obs.candidates = NULL;
    form = rri_rollout_form_of(&s.obs);
    ck_assert(form.has_lists && !form.has_candidates);
    s.obs.vectors = NULL; /* features and counts belong to lists */
    form = rri_rollout_form_of(&s.obs);
    ck_assert(!form.has_lists && !form.has_features && !form.has_counts && form.has_history);
    s.obs.n_history = 0;
    s.obs.n_excluded = 0;
    form = rri_rollout_form_of(&s.obs);
    ck_assert(!form.has_history && !form.has_excluded);
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_without_lists_keeps_states_and_history)
{
    sample s;
    sample_open(&s);
    s.obs.candidates = NULL;
    s.obs.vectors = NULL;
    s.obs.features = NULL;
    s.obs.counts = NULL;
    s.obs.lengths = NULL;
    s.obs.n_candidates = 0;
    s.actions[0] = 12345; /* how long the pool is, a rollout does not know */
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert(!s.rollout.form.has_lists);
    ck_assert_int_eq(s.rollout.lengths[0], 0);
    ck_assert_int_eq(s.rollout.actions[0], 12345);
    ck_assert_int_eq(s.rollout.history[H - 1], s.history[LESS_H - 1]);
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_reward_completes_the_last_record)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    s.terminated[0] = 1;
    s.truncated[1] = 1;
    s.rewards[0] = 5.0f;
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    const rri_rollout *r = &s.rollout;
    ck_assert(!r->awaits_reward);
    ck_assert_float_eq(r->rewards[N], 5.0f);
    ck_assert_float_ne(r->rewards[0], 5.0f);
    const uint8_t terminated[] = {0, 0, 1, 0}, truncated[] = {0, 0, 0, 1};
    ck_assert_mem_eq(r->terminated, terminated, sizeof terminated);
    ck_assert_mem_eq(r->truncated, truncated, sizeof truncated);
    ck_assert_mem_eq(r->final_states + 3 * S, s.final_states + S, S * sizeof(float));
    for (size_t i = 0; i < 3 * S; i++) { /* of rows that are not cut off, nothing */
        ck_assert_float_eq(r->final_states[i], 0.0f);
    }
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_terminated_wins_where_both_are_set)
{
    sample s;
    sample_open(&s);
    s.terminated[0] = s.truncated[0] = 1;
    s.outcome.final_obs = NULL; /* so it is not needed */
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    ck_assert_uint_eq(s.rollout.terminated[0], 1);
    ck_assert_uint_eq(s.rollout.truncated[0], 0);
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_endings_that_are_null_are_none)
{
    sample s;
    sample_open(&s);
    s.outcome.terminated = NULL;
    s.outcome.truncated = NULL;
    s.outcome.final_obs = NULL;
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_eq(s.rollout.terminated[i], 0);
        ck_assert_uint_eq(s.rollout.truncated[i], 0);
    }
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_is_full_when_another_record_does_not_fit)
{
    sample s;
    sample_open(&s);
    ck_assert(!rri_rollout_is_full(&s.rollout));
    for (size_t step = 0; step < ROWS / N; step++) {
        ck_assert(!rri_rollout_is_full(&s.rollout));
        ck_assert_int_eq(sample_record(&s), RR_OK);
        ck_assert_int_eq(sample_reward(&s), RR_OK);
    }
    ck_assert(rri_rollout_is_full(&s.rollout));
    ck_assert_int_eq(sample_record(&s), RR_E_FULL);
    rri_rollout_clear(&s.rollout);
    ck_assert(!rri_rollout_is_full(&s.rollout));
    s.rollout.max_rows = 5; /* a step and a half more */
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_int_eq(sample_reward(&s), RR_OK);
    ck_assert(!rri_rollout_is_full(&s.rollout));
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert(rri_rollout_is_full(&s.rollout));
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_clear_forgets_rows_sessions_and_form)
{
    sample s;
    sample_open(&s);
    ck_assert_int_eq(sample_record(&s), RR_OK);
    rri_rollout_clear(&s.rollout); /* a reward that was waited for is forgotten too */
    ck_assert_uint_eq(s.rollout.n_rows, 0);
    ck_assert_int_eq(sample_reward(&s), RR_E_STATE);
    s.obs.n = s.decision.n = 1; /* other rows than before */
    s.obs.history = NULL;
    ck_assert_int_eq(sample_record(&s), RR_OK);
    ck_assert_uint_eq(s.rollout.n_sessions, 1);
    ck_assert(!s.rollout.form.has_history);
    sample_close(&s);
}
END_TEST

/* Two sessions side by side, three steps; session 0 ends after its second step:
 *   step 0: rows 0 1   step 1: rows 2 3   step 2: rows 4 5
 * sessions by (began, row): {0, 2}, {1, 3, 5}, {4} */
START_TEST(test_rollout_order_by_hand)
{
    sample s;
    sample_open(&s);
    for (size_t step = 0; step < 3; step++) {
        s.truncated[0] = step == 1;
        ck_assert_int_eq(sample_record(&s), RR_OK);
        ck_assert_int_eq(sample_reward(&s), RR_OK);
    }
    int32_t order[ROWS];
    uint8_t is_end[ROWS];
    rri_rollout_order(order, is_end, &s.rollout, SIZE_MAX);
    const int32_t wanted[] = {0, 2, 1, 3, 5, 4};
    const uint8_t wanted_end[] = {0, 1, 0, 0, 1, 1};
    ck_assert_mem_eq(order, wanted, sizeof wanted);
    ck_assert_mem_eq(is_end, wanted_end, sizeof wanted_end);
    sample_close(&s);
}
END_TEST

/* Keys spelt out: a row's session began in the step after the last end before it; rows are then
 * chosen in the order of (began, row of the record, step), one smallest after another. */
static void order_slowly(int32_t *order, uint8_t *is_end, const rri_rollout *r, size_t n_steps)
{
    size_t keys[240][3];
    for (size_t row = 0; row < r->n_rows; row++) {
        size_t began = row / r->n_sessions;
        while (began > 0) {
            const size_t before = (began - 1) * r->n_sessions + row % r->n_sessions;
            if (r->terminated[before] || r->truncated[before]) {
                break;
            }
            began--;
        }
        keys[row][0] = began;
        keys[row][1] = row % r->n_sessions;
        keys[row][2] = row / r->n_sessions;
    }
    bool is_taken[240] = {false};
    for (size_t at = 0; at < r->n_rows; at++) {
        size_t best = SIZE_MAX;
        for (size_t row = 0; row < r->n_rows; row++) {
            bool is_less = best == SIZE_MAX;
            for (size_t i = 0; !is_less && i < 3; i++) {
                if (keys[row][i] != keys[best][i]) {
                    is_less = keys[row][i] < keys[best][i];
                    break;
                }
            }
            best = !is_taken[row] && is_less ? row : best;
        }
        is_taken[best] = true;
        order[at] = (int32_t)best;
        const size_t length = keys[best][2] - keys[best][0] + 1;
        is_end[at] = length % n_steps == 0 ? RRI_SEGMENT_FULL : RRI_SEGMENT_GOES_ON;
        if (r->terminated[best] || r->truncated[best] || best + r->n_sessions >= r->n_rows) {
            is_end[at] = RRI_SEGMENT_LAST;
        }
    }
}

START_TEST(test_rollout_order_is_by_session_and_arrival_in_segments_of_n_steps)
{
    uint8_t terminated[240], truncated[240];
    float draws[240];
    for (uint64_t seed = 0; seed < 20; seed++) {
        const size_t n_sessions = 1 + (size_t)seed % 6;
        rri_rollout r = {.n_sessions = n_sessions,
                         .n_rows = 240 / n_sessions * n_sessions,
                         .terminated = terminated,
                         .truncated = truncated};
        gradcheck_draw(draws, 240, 0.0f, 1.0f, seed);
        for (size_t i = 0; i < 240; i++) {
            terminated[i] = draws[i] < 0.1f;
            truncated[i] = draws[i] > 0.85f;
        }
        int32_t order[240], wanted[240];
        uint8_t is_end[240], wanted_end[240];
        const size_t n_steps = seed % 4 == 0 ? SIZE_MAX : 1 + (size_t)seed % 7;
        rri_rollout_order(order, is_end, &r, n_steps);
        order_slowly(wanted, wanted_end, &r, n_steps);
        ck_assert_mem_eq(order, wanted, r.n_rows * sizeof(int32_t));
        ck_assert_mem_eq(is_end, wanted_end, r.n_rows);
    }
}
END_TEST

/* Beside candidates vectors are no matter of form: rows without any have zeros. */
START_TEST(test_rollout_rows_with_candidates_may_have_vectors_or_not)
{
    sample s;
    sample_open(&s);
    rr_obs obs = {.struct_size = sizeof obs, .n_candidates = K, .item_dim = D};
    const int32_t candidates[K] = {0};
    const float vectors[K * D] = {1.0f};
    obs.candidates = candidates;
    for (size_t i = 0; i < 3 * K * D; i++) {
        s.rollout.vectors[i] = 7.0f;
    }
    for (int with = 0; with < 3; with++) { /* without, with, without */
        obs.vectors = with == 1 ? vectors : NULL;
        const rri_row_form form = rri_rollout_form_of(&obs);
        ck_assert(rri_rollout_takes(&s.rollout, &form));
        rri_rollout_settle_form(&s.rollout, &obs);
        ck_assert_int_eq(s.rollout.form.has_vectors, with > 0);
        s.rollout.n_rows++;
    }
    for (size_t i = 0; i < 3 * K * D; i++) {
        ck_assert_float_eq(s.rollout.vectors[i], i < K * D ? 0.0f : 7.0f);
    }
    obs.candidates = NULL;
    obs.vectors = vectors;
    const rri_row_form lone = rri_rollout_form_of(&obs);
    ck_assert(!rri_rollout_takes(&s.rollout, &lone));
    sample_close(&s);
}
END_TEST

START_TEST(test_rollout_parts_are_all_arrays_with_their_widths)
{
    sample s;
    sample_open(&s);
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, &s.rollout);
    size_t row_bytes = 0;
    for (size_t i = 0; i < RRI_ROLLOUT_PARTS; i++) {
        row_bytes += parts[i].row_bytes;
        ck_assert(parts[i].data != NULL || parts[i].row_bytes == 0);
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(parts[i].name, parts[j].name);
            ck_assert(parts[i].data == NULL || parts[i].data != parts[j].data);
        }
    }
    ck_assert_uint_eq(row_bytes, 2 * S * 4 + 4 + 2 * K * 4 + K * F * 4 + K * D * 4 + M * 4 + H * 4 +
                                     4 * 4 + 2 * 1 + 8 + (K + M + H) * 8);
    ck_assert_str_eq(parts[0].name, "states");
    ck_assert_ptr_eq(parts[0].data, s.rollout.states);
    sample_close(&s);
}
END_TEST

CHECK_MAIN("buffer/rollout", test_rollout_record_copies_and_pads,
           test_rollout_record_goes_behind_the_rows_before,
           test_rollout_form_is_what_an_observation_has,
           test_rollout_without_lists_keeps_states_and_history,
           test_rollout_reward_completes_the_last_record,
           test_rollout_terminated_wins_where_both_are_set,
           test_rollout_endings_that_are_null_are_none,
           test_rollout_is_full_when_another_record_does_not_fit,
           test_rollout_clear_forgets_rows_sessions_and_form, test_rollout_order_by_hand,
           test_rollout_order_is_by_session_and_arrival_in_segments_of_n_steps,
           test_rollout_rows_with_candidates_may_have_vectors_or_not,
           test_rollout_parts_are_all_arrays_with_their_widths)
