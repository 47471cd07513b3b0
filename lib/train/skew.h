/* SPDX-License-Identifier: MIT */
/* skew.h: whether what was recorded is what the policy saw. recrl/agent.h.
 *
 * A row of a version whose parameters are there (the present ones, and those that keep_versions
 * keeps) must give its log-prob again, bit for bit; then features, lists, items and serving options
 * are those of act. */
#ifndef RRI_TRAIN_SKEW_H
#define RRI_TRAIN_SKEW_H

#include "ledger/ledger.h"
#include "train/trainer.h"

/* What is found of a row. */
enum {
    RRI_SKEW_UNCHECKED = 0, /* the parameters of its version are gone */
    RRI_SKEW_SAME = 1,
    RRI_SKEW_OTHER = 2
};

typedef struct rri_skew {
    size_t n_checked, n_other;
    int32_t first;        /* a row of another log-prob, read where n_other is not 0 … */
    float first_log_prob; /* … and what its version gives */
} rri_skew;

/* verdicts [n] ← RRI_SKEW_… of the first n trained places of trainer->update; log_probs [n] are
 * those of the present policy as it is, is_own says which rows claim to be its. `own` is its
 * version. */
rri_skew rri_skew_check(uint8_t *verdicts, rri_trainer *trainer, uint64_t own,
                        const rri_rollout *rollout, const rri_ledger *ledger,
                        const float *log_probs, size_t n);

/* The sentence of the first; returns RR_E_SKEW. */
rr_status rri_skew_tell(const rri_skew *skew, const rri_rollout *rollout, const rri_ledger *ledger,
                        rr_error *err);

#endif
