/* SPDX-License-Identifier: MIT */
/* evaluate_rows.h: log-probs and values of recorded rows under the present policy and critic. */
#ifndef RRI_TRAIN_EVALUATE_ROWS_H
#define RRI_TRAIN_EVALUATE_ROWS_H

#include "buffer/rollout.h"
#include "train/trainer.h"

/* log_probs [n] of the recorded actions and values [n], each nullable, of rows [n] of the rollout.
 * Lists and actions have been judged. The bits are those of act. */
void rri_evaluate_rows_compute(rri_trainer *trainer, float *log_probs, float *values,
                               const rri_rollout *rollout, const int32_t *rows, size_t n);

/* The same with positions [n] of the most probable items, ties to the lower. */
void rri_evaluate_rows_judge(rri_trainer *trainer, float *log_probs, float *values,
                             int32_t *positions, const rri_rollout *rollout, const int32_t *rows,
                             size_t n);

/* log_probs [n] of an even choice among all that each row may choose: −ln K. */
void rri_evaluate_rows_even(rri_trainer *trainer, float *log_probs, const rri_rollout *rollout,
                            const int32_t *rows, size_t n);

/* log_probs [n] under serving options; incumbents [rows of the rollout], or NULL. The bits are
 * those of a published policy. */
void rri_evaluate_rows_served(rri_trainer *trainer, float *log_probs,
                              const rr_serving_options *options, const int32_t *incumbents,
                              const rri_rollout *rollout, const int32_t *rows, size_t n);

#endif
