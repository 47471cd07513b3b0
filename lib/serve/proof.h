/* SPDX-License-Identifier: MIT */
/* proof.h: sixteen decisions that a snapshot makes on requests which follow from its shape alone.
 * They are saved with it and replayed when it is loaded: another catalogue order, another build
 * that counts otherwise, or a program that reads a parameter as another would show here, before a
 * user sees it.
 *
 * Requests are drawn from seed 0, stream PROOF, index = decision: a state of standard normals; the
 * pool where there is one and no features are read, else a list; a history and exclusions where the
 * shape has them. */
#ifndef RRI_SERVE_PROOF_H
#define RRI_SERVE_PROOF_H

#include "serve/snapshot.h"

#define RRI_PROOF_DECISIONS ((size_t)16)

typedef struct rri_proof {
    int32_t actions[RRI_PROOF_DECISIONS];
    float log_probs[RRI_PROOF_DECISIONS];
    float values[RRI_PROOF_DECISIONS];
} rri_proof;

/* Memory is taken and given back. A shape that can make no request (features without lists) has all
 * zeros. */
rr_status rri_proof_play(rri_proof *out, const rr_policy *policy, const rri_allocator *allocator,
                         rr_error *err);

/* RR_E_MISMATCH names the first decision that differs: in any bit with is_exact, else by more than
 * 1e-4 of scale, actions aside, since a draw may fall on the other side of an edge. */
rr_status rri_proof_compare(const rri_proof *saved, const rri_proof *played, bool is_exact,
                            rr_error *err);

#endif
