/* SPDX-License-Identifier: MIT */
/* golden.h: sixteen decisions that a snapshot makes on requests which follow from its shape alone.
 * They are saved with it and replayed when it is loaded: another catalogue order, another build
 * that counts otherwise, or a program that reads a parameter as another would show here, before a
 * user sees it.
 *
 * Requests are drawn from seed 0, stream GOLDEN, index = decision: a state of standard normals; the
 * pool where there is one and no features are read, else a list; a history and exclusions where the
 * shape has them. */
#ifndef RRI_SERVE_GOLDEN_H
#define RRI_SERVE_GOLDEN_H

#include "serve/snapshot.h"

#define RRI_GOLDEN_DECISIONS ((size_t)16)

typedef struct rri_golden {
    int32_t actions[RRI_GOLDEN_DECISIONS];
    float log_probs[RRI_GOLDEN_DECISIONS];
    float values[RRI_GOLDEN_DECISIONS];
} rri_golden;

/* Memory is taken and given back. A shape that can make no request (features without lists) has all
 * zeros. */
rr_status rri_golden_play(rri_golden *out, const rr_policy *policy, const rri_allocator *allocator,
                          rr_error *err);

/* RR_E_MISMATCH names the first decision that differs: in any bit with is_exact, else by more than
 * 1e-4 of scale, actions aside, since a draw may fall on the other side of an edge. */
rr_status rri_golden_compare(const rri_golden *saved, const rri_golden *played, bool is_exact,
                             rr_error *err);

#endif
