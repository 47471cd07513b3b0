/* SPDX-License-Identifier: MIT */
/* algorithms.h: the table of what can train an agent. Whoever adds one writes a loss in rl/, a
 * config in recrl/config.h with its table, and a row here (docs/CONTRIBUTING.md). */
#ifndef RRI_TRAIN_ALGORITHMS_H
#define RRI_TRAIN_ALGORITHMS_H

#include "train/recipe.h"

/* By index, 0 … count − 1: RR_ALGO_…; NULL beyond. */
const rri_algorithm *rri_algorithms_at(size_t index);
size_t rri_algorithms_count(void);
/* NULL: none. */
const rri_algorithm *rri_algorithms_of_kind(int32_t config_kind);
const rri_algorithm *rri_algorithms_of_name(const char *name);
/* RR_ALGO_… of a row. */
int32_t rri_algorithms_index(const rri_algorithm *algorithm);

/* "ppo, a2c or reinforce", for sentences. */
enum { RRI_ALGORITHMS_TEXT = 96 };
void rri_algorithms_list(char out[RRI_ALGORITHMS_TEXT]);

/* Bytes that hold any algorithm's config. */
enum { RRI_ALGORITHM_CONFIG = 256 };

/* The recipe of rr_agent_imitate: −mean w log π(a), with the agent's own optimiser. `own` is the
 * recipe that the agent is trained by. */
rri_recipe rri_algorithms_imitation(const rri_recipe *own, const rr_imitate_config *config,
                                    bool has_returns);

#endif
