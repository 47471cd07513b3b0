/* SPDX-License-Identifier: MIT */
/* act.h: what an agent or a snapshot says of states: draws, rankings, log-probs, values. recrl.h
 * §6, §7. Nothing here changes parameters; nothing allocates. Structs are whole (read by
 * rri_abi_read). */
#ifndef RRI_PLAY_ACT_H
#define RRI_PLAY_ACT_H

#include "play/workspace.h"

/* decision: as the caller asks; pool_fingerprint is written always. RR_E_NOT_FINITE names the row
 * whose answer overflows; then the caller's arrays hold nothing of use, and the next draw is the
 * one that this would have been. */
rr_status rri_act_draw(const rri_workspace *work, const rr_obs *obs, rr_decision *decision,
                       rr_error *err);

rr_status rri_act_top_k(const rri_workspace *work, const rr_obs *obs, size_t k, int32_t *positions,
                        int32_t *items, float *log_probs, rr_error *err);

rr_status rri_act_evaluate(const rri_workspace *work, const rr_obs *obs, const int32_t *actions,
                           float *log_probs, float *entropies, float *values, rr_error *err);

/* values [n] of inputs [n]; n of any size. */
void rri_act_values(const rri_workspace *work, float *values, const rri_inputs *in, size_t n);

#endif
