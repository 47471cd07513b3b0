/* SPDX-License-Identifier: MIT */
#include "eval/illness.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>

#include "core/text.h"

/* Rows that were due, and of which fewer are trained on than are not, are no accident. */
static const float LEAST_TRAINED = 0.5f;

/* Adds an illness and its sentence. */
__attribute__((format(printf, 4, 5))) static void note(rri_illness_list *list, bool is_ill,
                                                       uint32_t illness, const char *format, ...)
{
    if (!is_ill) {
        return;
    }
    size_t i = 0;
    while (i + 1 < RRI_N_ILLNESSES && (UINT32_C(1) << i) != illness) {
        i++;
    }
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(list->sentences[i], RRI_ILLNESS_LENGTH, format, arguments);
    va_end(arguments);
    list->ill |= illness;
}

/* A policy may be sure of each request's item and still show every user another one. */
static void judge_entropy(rri_illness_list *list, const rr_health_report *r,
                          const rr_health_config *c)
{
    const bool is_sure = r->entropy < c->min_entropy;
    note(list, is_sure && r->effective_share < c->min_effective_share, RR_ILL_ENTROPY,
         "collapse: the policy's entropy is %.3g nats, below %.3g: it all but always shows a "
         "request one item, and to all of them as if %.3g items, %.3g %% of those there are (below "
         "%.3g %%); it hears of no other; raise ent_coef or lower lr",
         (double)r->entropy, (double)c->min_entropy, (double)r->effective_items,
         100.0 * (double)r->effective_share, 100.0 * (double)c->min_effective_share);
    note(list, is_sure && isnan(r->effective_share), RR_ILL_ENTROPY,
         "collapse: the policy's entropy is %.3g nats, below %.3g: it all but always shows a "
         "request one item; whether the same to all is not known, for nothing of a catalogue was "
         "shown; raise ent_coef or lower lr",
         (double)r->entropy, (double)c->min_entropy);
}

static void judge_shown(rri_illness_list *list, const rr_health_report *r,
                        const rr_health_config *c)
{
    judge_entropy(list, r, c);
    note(list, r->entropy_share > c->max_entropy_share, RR_ILL_UNIFORM,
         "nothing learned: the policy's entropy is %.1f %% of that of an even choice, above %.1f "
         "%%; lower ent_coef, or look at lr",
         100.0 * (double)r->entropy_share, 100.0 * (double)c->max_entropy_share);
    note(list, r->effective_items < c->min_effective_items, RR_ILL_EFFECTIVE_ITEMS,
         "collapse: as if %.3g items were shown evenly, below %.3g; raise ent_coef or lower lr",
         (double)r->effective_items, (double)c->min_effective_items);
    note(list, r->top_share > c->max_top_share && r->top_item < 0, RR_ILL_TOP_SHARE,
         "collapse: the item of key %llu, in no catalogue, has %.1f %% of all showings, above %.1f "
         "%%",
         (unsigned long long)r->top_key, 100.0 * (double)r->top_share,
         100.0 * (double)c->max_top_share);
    note(list, r->top_share > c->max_top_share && r->top_item >= 0, RR_ILL_TOP_SHARE,
         "collapse: item %d has %.1f %% of all showings, above %.1f %%", (int)r->top_item,
         100.0 * (double)r->top_share, 100.0 * (double)c->max_top_share);
    note(list, r->coverage < c->min_coverage, RR_ILL_COVERAGE,
         "narrow: %.2f %% of the catalogue was shown, below %.2f %%", 100.0 * (double)r->coverage,
         100.0 * (double)c->min_coverage);
    note(list, r->gini > c->max_gini, RR_ILL_GINI,
         "narrow: the Gini index of what was shown is %.4f, above %.4f", (double)r->gini,
         (double)c->max_gini);
}

static void judge_learning(rri_illness_list *list, const rr_health_report *r,
                           const rr_health_config *c)
{
    note(
        list, r->explained_variance < c->min_explained_variance, RR_ILL_EXPLAINED_VARIANCE,
        "critic: it explains %.3g of the variance of returns, below %.3g: it misleads; lower lr or "
        "vf_coef",
        (double)r->explained_variance, (double)c->min_explained_variance);
    note(list, r->value_score < c->min_value_score, RR_ILL_VALUE_SCORE,
         "critic: its squared error is %.3g times the variance of returns, above %.3g: it does not "
         "learn; look at vf_coef, lr and the scale of rewards (normalize_returns)",
         1.0 - (double)r->value_score, 1.0 - (double)c->min_value_score);
    note(list, r->clip_fraction > c->max_clip_fraction, RR_ILL_CLIP_FRACTION,
         "steps: %.1f %% of the ratios left the trust region, above %.1f %%; lower lr or "
         "update_epochs",
         100.0 * (double)r->clip_fraction, 100.0 * (double)c->max_clip_fraction);
    note(list, r->approx_kl > c->max_approx_kl, RR_ILL_APPROX_KL,
         "steps: an update moves the policy by %.3g nats (approx_kl), above %.3g: its rows are "
         "hardly those of the policy that it makes; lower lr or update_epochs, or set target_kl",
         (double)r->approx_kl, (double)c->max_approx_kl);
    note(list, r->grad_ratio > c->max_grad_ratio, RR_ILL_GRAD_RATIO,
         "scale: gradients are %.3g times max_grad_norm, above %.3g: rewards are too large for the "
         "critic; set normalize_returns, or divide them",
         (double)r->grad_ratio, (double)c->max_grad_ratio);
    note(list, r->trained_share < LEAST_TRAINED, RR_ILL_UNTRAINED,
         "rows: of those that were due only %.1f %% were trained on, fewer than a half; rr_stats "
         "says why: n_waiting for a generation of the catalogue, n_foreign, n_unknown, n_stale, "
         "n_cut, n_rejected",
         100.0 * (double)r->trained_share);
    note(list, r->dead_units > c->max_dead_units, RR_ILL_DEAD_UNITS,
         "dead units: %.1f %% of the hidden units give the same whatever the state, above %.1f %%",
         100.0 * (double)r->dead_units, 100.0 * (double)c->max_dead_units);
    note(list, r->reward_deviation < c->min_reward_deviation, RR_ILL_REWARD,
         "reward: it has a standard deviation of %.3g, below %.3g: there is nothing to learn from",
         (double)r->reward_deviation, (double)c->min_reward_deviation);
}

/* A coordinate by name: "state coordinate 3". */
enum { NAME_LENGTH = 40 };
static const char *name_of(char name[NAME_LENGTH], int32_t at, size_t state_dim)
{
    const bool is_feature = at >= (int32_t)state_dim;
    rri_text_write(name, NAME_LENGTH, "%s %d", is_feature ? "feature" : "state coordinate",
                   is_feature ? (int)(at - (int32_t)state_dim) : (int)at);
    return at < 0 ? "rewards" : name;
}

static void judge_inputs(rri_illness_list *list, const rr_health_config *c, size_t state_dim,
                         const rri_input_change *change)
{
    char name[NAME_LENGTH], other[NAME_LENGTH], more[NAME_LENGTH] = "";
    const char *at = name_of(name, change->at, state_dim);
    const char *against = name_of(other, change->other, state_dim);
    if (change->n_more > 0) {
        rri_text_write(more, sizeof more, " (and %d more inputs changed)", (int)change->n_more);
    }
    note(list, change->kind == RRI_INPUT_MOVED, RR_ILL_DRIFT,
         "input: the mean of %s moved from %.4g to %.4g at once, more than %.3g standard "
         "deviations%s: is it still the same quantity?",
         at, change->before, change->now, (double)c->max_drift, more);
    note(list, change->kind == RRI_INPUT_EMPTIED, RR_ILL_DRIFT,
         "input: %s is 0 in %.1f %% of the rows, and was in %.1f %%%s: is it still filled in?", at,
         100.0 * change->now, 100.0 * change->before, more);
    note(list, change->kind == RRI_INPUT_SCALED, RR_ILL_DRIFT,
         "input: %s varies by %.4g on average, and did by %.4g%s: is it still in the same unit?",
         at, change->now, change->before, more);
    note(list, change->kind == RRI_INPUT_TURNED, RR_ILL_DRIFT,
         "input: the correlation of %s with %s was %.3g and is %.3g%s: has it been turned round "
         "(its sign, or 1 - x)?",
         at, against, change->before, change->now, more);
    note(list, change->kind == RRI_INPUT_SWAPPED, RR_ILL_DRIFT,
         "input: %s goes with the others as %s did, and the other way round%s: have they been "
         "swapped?",
         at, against, more);
}

void rri_illness_judge(rri_illness_list *list, const rr_health_report *report,
                       const rr_health_config *config, size_t state_dim,
                       const rri_input_change *change)
{
    list->ill = 0;
    judge_shown(list, report, config);
    judge_learning(list, report, config);
    judge_inputs(list, config, state_dim, change);
}
