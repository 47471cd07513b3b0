/* SPDX-License-Identifier: MIT */
/* rollout_fixture.h: a rollout of two sessions with everything that a row can have, and a record
 * that fits it. */
#ifndef TESTS_RL_ROLLOUT_FIXTURE_H
#define TESTS_RL_ROLLOUT_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "buffer/rollout.h"
#include "check_run.h"
#include "gradcheck.h"

enum { N = 2, S = 3, D = 2, F = 2, K = 4, M = 3, H = 5, ROWS = 6 }; /* of the buffer */
enum { LESS_K = 3, LESS_M = 2, LESS_H = 3 };                        /* of the record */

typedef struct sample {
    rri_rollout rollout;
    void *block;
    rr_obs obs, final_obs;
    rr_decision decision;
    rr_outcome outcome;
    float states[N * S], features[N * K * F], vectors[N * K * D], final_states[N * S];
    int32_t lengths[N], candidates[N * K], counts[N * K], excluded[N * M], history[N * H];
    int32_t actions[N];
    float log_probs[N], values[N], rewards[N];
    uint8_t terminated[N], truncated[N];
} sample;

static inline void sample_open(sample *s)
{
    memset(s, 0, sizeof *s);
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = ROWS;
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.max_candidates = K;
    config.max_excluded = M;
    config.max_history = H;
    config.has_keys = 1;
    rri_arena arena = {0};
    rri_rollout_layout(&s->rollout, &arena, &config);
    s->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    memset(s->block, 0xAB, arena.used); /* nothing may rely on zeros */
    arena = (rri_arena){.base = s->block};
    rri_rollout_layout(&s->rollout, &arena, &config);

    gradcheck_draw(s->states, N * S, -1.0f, 1.0f, 1);
    gradcheck_draw(s->features, N * K * F, -1.0f, 1.0f, 2);
    gradcheck_draw(s->vectors, N * K * D, -1.0f, 1.0f, 3);
    gradcheck_draw(s->final_states, N * S, -1.0f, 1.0f, 4);
    gradcheck_draw(s->log_probs, N, -2.0f, 0.0f, 5);
    gradcheck_draw(s->values, N, -1.0f, 1.0f, 6);
    gradcheck_draw(s->rewards, N, -1.0f, 1.0f, 7);
    for (int32_t i = 0; i < N * K; i++) {
        s->candidates[i] = i % 3 == 2 ? -1 : 10 + i;
        s->counts[i] = i % 4;
    }
    for (int32_t i = 0; i < N * M; i++) {
        s->excluded[i] = 20 + i;
    }
    for (int32_t i = 0; i < N * H; i++) {
        s->history[i] = 30 + i;
    }
    s->lengths[0] = LESS_K;
    s->lengths[1] = LESS_K - 1;
    s->actions[0] = LESS_K - 1;
    s->obs = (rr_obs){.struct_size = sizeof s->obs,
                      .n = N,
                      .n_candidates = LESS_K,
                      .n_excluded = LESS_M,
                      .n_history = LESS_H,
                      .state_dim = S,
                      .item_dim = D,
                      .feature_dim = F,
                      .states = s->states,
                      .lengths = s->lengths,
                      .candidates = s->candidates,
                      .features = s->features,
                      .vectors = s->vectors,
                      .counts = s->counts,
                      .excluded = s->excluded,
                      .history = s->history};
    s->final_obs = s->obs;
    s->final_obs.states = s->final_states;
    s->decision = (rr_decision){.struct_size = sizeof s->decision,
                                .n = N,
                                .actions = s->actions,
                                .log_probs = s->log_probs,
                                .values = s->values};
    s->outcome = (rr_outcome){.struct_size = sizeof s->outcome,
                              .n = N,
                              .rewards = s->rewards,
                              .terminated = s->terminated,
                              .truncated = s->truncated,
                              .final_obs = &s->final_obs};
}

static inline void sample_close(sample *s)
{
    free(s->block);
}

static inline rr_status sample_record(sample *s)
{
    return rri_rollout_record(&s->rollout, &s->obs, &s->decision, 77, NULL);
}

static inline rr_status sample_reward(sample *s)
{
    return rri_rollout_reward(&s->rollout, &s->outcome, NULL);
}

static inline void sample_expect(rr_status got, rr_status wanted, const rr_error *err,
                                 const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

#endif
