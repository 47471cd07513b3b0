/* SPDX-License-Identifier: MIT */
/* gradient.h: the loss of one minibatch and its gradient in every parameter. maths §2, §3, §5, §6.
 *
 *   loss = policy_loss + c_V value_loss − c_H entropy
 *
 * A minibatch is walked in slices; a slice goes through two phases. In the first, each tile of rows
 * runs forward, loss and backward down to the slopes of every layer; in the second, each task owns
 * some parameters and sums over all rows of the slice. Where rows choose from a large pool, the
 * policy stands between two halves of the first phase and is shared out by items
 * (policy/large_pool.h). With an encoder the pasts of all rows are encoded before the first phase,
 * and its gradients are made behind it, in shares of rows that end where sessions do
 * (model/encoder.h). So no sum depends on the number of threads. */
#ifndef RRI_TRAIN_GRADIENT_H
#define RRI_TRAIN_GRADIENT_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* total += part. */
void rri_loss_sums_add(rri_loss_sums *total, const rri_loss_sums *part);

/* trainer->gradients ← the gradient of the minibatch's mean loss.
 * minibatch [n]: places in trainer->update's order;  advantages [n]: as they enter the loss. */
rri_loss_sums rri_gradient_compute(rri_trainer *trainer, const rri_rollout *rollout,
                                   const int32_t *minibatch, const float *advantages, size_t n);

/* What the encoder of `net` makes of the past of n rows of a slice, which all threads share out. */
void rri_gradient_see_past(rri_trainer *trainer, const rri_network *net, rri_network_tape *tape,
                           const rri_inputs *in, size_t n);

/* Rows of a rollout as networks read them: states [n, S] that were gathered, the rest where it
 * lies, of this network's catalogue; rows [n] says where (NULL: as it lies). */
rri_inputs rri_gradient_inputs(const rri_rollout *rollout, const rri_network *net,
                               const float *states, const int32_t *rows);

/* The lists of a rollout's rows as the policy reads them; rows [n] says where each lies. */
rri_menu rri_gradient_menu(const rri_rollout *rollout, const int32_t *rows, size_t n);
/* What may be chosen in each row: by the trainer's catalogue, in the generation of the row. */
void rri_gradient_set_pool(rri_menu *menu, const rri_rollout *rollout, const rri_trainer *trainer);

#endif
