/* SPDX-License-Identifier: MIT */
/* network_norm.h: what normalisation adds to the networks: constants that lie among the parameters,
 * so that hashes, snapshots, kept versions and checkpoints carry them, and that no gradient moves.
 * maths §11.
 *
 *   critic.shift, critic.scale [1]     V = shift + scale · v,  v the critic's last output
 *   state.means, state.inverses [S]    networks see clip((s − means) · inverses, ±10)
 *
 * Without them V = v and networks see s. Who moves them is agent/normalise.h. */
#ifndef RRI_MODEL_NETWORK_NORM_H
#define RRI_MODEL_NETWORK_NORM_H

#include "model/network.h"

/* Registers the tensors that the config asks for, behind all others. */
rr_status rri_network_norm_declare(rri_network *net, const rr_agent_config *config, rr_error *err);
void rri_network_norm_layout(rri_network_tape *tape, rri_arena *arena, const rri_network *net,
                             size_t max_rows);
/* Nothing is known: V = 0, and states are taken as they come. */
void rri_network_norm_init(const rri_network *net, float *values);
/* After values changed. */
void rri_network_norm_pack(rri_network *net, const float *values);
/* Their gradients ← 0. */
void rri_network_norm_zero(const rri_network *net, float *gradients);

/* What the networks see of states [rows, S]: writes rows [begin, end) of tape->inputs. Returns
 * inputs, or states themselves; row 0 is the first either way. */
const float *rri_network_norm_inputs(const rri_network *net, rri_network_tape *tape,
                                     const float *states, size_t begin, size_t end);

/* values [end − begin] ← V(s) = shift + scale · v(s) of rows [begin, end) of a tape. */
void rri_network_norm_values(float *values, const rri_network *net, const rri_network_tape *tape,
                             size_t begin, size_t end);

#endif
