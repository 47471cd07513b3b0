/* SPDX-License-Identifier: MIT */
/* What views tell about a user to somebody who knows the catalogue: ω ≈ N(mean, covariance) after
 * each view.
 *
 * Assumed-density filtering. A view of v multiplies the density by softmax(Γω + μ)_v; its log has
 * gradient Γ_v − Σ p_i Γ_i and curvature −Cov_p(Γ), so a few Newton steps find the new mode, whose
 * curvature is the new precision. Between views ω may have drifted, which adds σ_ω² to
 * every variance. */
#ifndef OB_BELIEF_H
#define OB_BELIEF_H

#include "world.h"

typedef struct ob_belief {
    double mean[OB_MOST_FACTORS];
    double covariance[OB_MOST_FACTORS][OB_MOST_FACTORS];
    int32_t n_seen; /* views taken in */
} ob_belief;

void ob_belief_begin(ob_belief *belief, const ob_world *world);
/* Takes in the views that it has not seen. */
void ob_belief_follow(ob_belief *belief, const ob_world *world, const ob_user *user);

#endif
