/* SPDX-License-Identifier: MIT */
/* serving.h: threads that answer requests from the policy in a slot, each request by itself, as the
 * threads of a server do. */
#ifndef SERVER_SERVING_H
#define SERVER_SERVING_H

#include "trainer.h"

typedef struct serving serving;

/* What was decided for a batch; the caller's arrays [max]. */
typedef struct decided {
    int32_t *actions;
    float *log_probs, *values;
    uint64_t *versions;
} decided;

/* first [n_arms]: a slot each, from which its users are answered (world_arm). */
serving *serving_open(rr_policy *const *first, int32_t n_arms, const world *w, int32_t n_threads);
void serving_close(serving *s);
/* From the next batch on, unless the arm is held; whether it is so. */
bool serving_use(serving *s, int32_t arm, rr_policy *policy);
/* The operator's: an older policy, which stays until serving_let_go. */
void serving_roll_back(serving *s, int32_t arm, rr_policy *policy);
void serving_let_go(serving *s, int32_t arm);
/* Answers every request of b, on all threads. */
void serving_answer(serving *s, const batch *b, const decided *out);
/* What an arm's slot has done. Any thread. */
void serving_describe(serving *s, int32_t arm, rr_slot_info *info);

void decided_open(decided *d, int32_t max);
void decided_close(decided *d);
/* Row `row` of a batch as an observation of its own. */
rr_obs serving_row(const batch *b, const world *w, int32_t row);

#endif
