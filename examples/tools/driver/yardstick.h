/* SPDX-License-Identifier: MIT */
/* yardstick.h: what policies are measured by, and what it is called; one name in tables, charts,
 * pages and JSON.
 *
 * Everywhere but in the tiring world it is the one-step oracle, which sees the true user and
 * history and takes the item that earns most now. Nothing beats it where a showing changes nothing
 * but the worth of the same item: there it is the best known play. With drift or candidate lists a
 * play that looks ahead can beat it. With the leave rule one does by far, so there the yardstick is
 * the patient play, and what counts is the return of a session. */
#ifndef EXAMPLES_DRIVER_YARDSTICK_H
#define EXAMPLES_DRIVER_YARDSTICK_H

#include <stdbool.h>

#include "play.h"

/* The policies that stand beside one another. */
enum {
    YARDSTICK_SAMPLED, /* the learner, each item sampled from its policy */
    YARDSTICK_GREEDY,  /* the learner's most probable item */
    YARDSTICK_RANDOM,
    YARDSTICK_POPULAR,
    YARDSTICK_SIMILAR,
    YARDSTICK_ORACLE,
    YARDSTICK_PATIENT,
    YARDSTICK_POLICIES
};
/* "sampled", "greedy", …, "one-step oracle", "patient". */
const char *yardstick_policy_name(int policy);
/* One of those that do not learn; `patience` is β of the patient play. */
play_policy yardstick_chooser(int policy, float patience);

/* Whether sessions leave when they tire. */
bool yardstick_is_leaving(const rr_env_config *config);
/* Whether nothing beats the one-step oracle. */
bool yardstick_is_best(const rr_env_config *config);
/* Whether similar is the one-step oracle: where nothing is shown twice no repeat wears off. */
bool yardstick_is_similar(const rr_env_config *config);
/* YARDSTICK_ORACLE or YARDSTICK_PATIENT. */
int yardstick_of(const rr_env_config *config);
/* In a sentence: "the best known play", "the one-step oracle", "the patient play". */
const char *yardstick_phrase(const rr_env_config *config);
/* What is compared: reward a step, or return of a session. */
double yardstick_worth(const rr_env_config *config, const rr_metrics_summary *summary);
/* β of the patient play, by grid on sessions of their own; 0 without the leave rule. seed and
 * n_sessions are those of the evaluation. */
float yardstick_patience(const world *w, const rr_env_config *config, uint64_t seed,
                         int32_t n_sessions);

#endif
