/* SPDX-License-Identifier: MIT */
/* comparison.h: two policies in the same sessions. docs/maths.md §8.
 *
 * n sessions with returns a_i and b_i, d_i = a_i − b_i, in G groups (a user's sessions) that share
 * luck and are no news of one another:
 *
 *   e_i = d_i − mean d,   Var(mean d) = G/(G − 1) Σ_g (Σ_{i in g} e_i)² / n²
 *   half width = t · √Var,   t the 97.5 % point of Student's t with G − 1 degrees of freedom
 *
 * With a group a session that is the paired t interval. [Student 1908; Liang and Zeger 1986]
 *
 * Where the sums E_g = Σ_g e_i are skewed (γ), it is too short on one side. Hall's transformation
 * [1992] takes the skewness out of the t statistic and is monotone, so it can be turned round:
 *   h(t) = t + a t²/3 + a² t³/27 + a/6,  a = γ/√G
 *   low, high = mean d − √Var · h⁻¹(±t),  h⁻¹(y) = 3/a (∛(1 + a (y − a/6)) − 1) */
#ifndef RRI_EVAL_COMPARISON_H
#define RRI_EVAL_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "recrl/recrl.h"

/* a, b [n]; groups [n] that lie side by side, or NULL: each session its own. out is a whole struct
 * of this release. */
void rri_comparison_compute(rr_comparison *out, const float *a, const float *b,
                            const int32_t *groups, size_t n);

#endif
