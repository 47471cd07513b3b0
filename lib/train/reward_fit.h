/* SPDX-License-Identifier: MIT */
/* reward_fit.h: the fit of the reward model that lies in the query. maths §12.
 *
 *   r̂(s, i) = v_i·(M s + m) + u·s + c + w_r·f_i        of an item's first showing in a session
 *
 * s as the networks see it; in the dense head v_i is the i-th unit vector. What does not tell items
 * apart, u·s + c, is fitted beside it and kept out of the query.
 *
 * Rows come in blocks of at most B. A block moves the model as a Gaussian process would whose mean
 * is the model so far:
 *   K_ij = (s_i·s_j + a)(v_i·v_j + b) + φ f_i·f_j        e_i = r_i − r̂(s_i, i)       (K + λ I) y =
 * e M += Σ y_i v_i s_iᵀ    m += a Σ y_i v_i    u += b Σ y_i s_i    c += a b Σ y_i   w_r += φ Σ y_i
 * f_i with a, b the block's mean s·s and v·v and φ = a b over its mean f·f, so that each part may
 * explain as much as any other. λ is noise: how much of e to doubt. Several models are fitted, each
 * with a λ of its own; the one that foresaw new blocks best, before it learned from them, is used.
 * For each new row some of the latest RRI_REWARD_ROWS are gone over again. */
#ifndef RRI_TRAIN_REWARD_FIT_H
#define RRI_TRAIN_REWARD_FIT_H

#include "buffer/columns.h"
#include "buffer/rollout.h"
#include "train/trainer.h"

/* Arrays of the fit and of α's gradient, where the config asks for the model; else none. */
void rri_reward_fit_layout(rri_trainer *trainer, rri_arena *arena);

/* Bytes of stack that rows takes. */
size_t rri_reward_fit_scratch(const rri_network *net);

/* After an update, on the calling thread: fits to the first n trained places, writes the model that
 * is used among the parameters, and packs them. */
void rri_reward_fit_rows(rri_trainer *trainer, const rri_rollout *rollout, size_t n);

/* Floats of what the fit of a network remembers, which need only be declared; 0 without a model. */
size_t rri_reward_fit_floats(const rri_network *net);

/* The state of a fit ← that of a network `before` with other columns, as a checkpoint brings it
 * (bytes that need not be aligned): what is new is 0. columns->n_items are the items of `before`.
 */
void rri_reward_fit_carry(rri_trainer *trainer, const unsigned char *state,
                          const rri_network *before, const rri_columns *columns);

/* Whether a state [n_state] as a checkpoint brings it (bytes that need not be aligned) can be this
 * trainer's: RR_E_FORMAT where not. */
rr_status rri_reward_fit_check(const unsigned char *state, const rri_trainer *trainer,
                               rr_error *err);

/* Empties the ring, whose rows name items of a catalogue that is gone. */
void rri_reward_fit_forget_rows(rri_trainer *trainer);

#endif
