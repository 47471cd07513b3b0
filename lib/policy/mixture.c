/* SPDX-License-Identifier: MIT */
#include "policy/mixture.h"

#include <math.h>

#include "core/log.h"
#include "core/memory.h"
#include "math/scalar.h"
#include "policy/choice.h"
#include "policy/identity.h"
#include "policy/softmax.h"
#include "policy/sweep.h"
#include "policy/tally.h"

bool rri_mixture_is_plain(const rri_mixture *mixture)
{
    const bool has_share = mixture->share > 0.0 && mixture->incumbents != NULL;
    return mixture->floor == 0.0 && !has_share && !mixture->is_greedy;
}

/* ── one row ── */

/* What is mixed in one row. */
typedef struct row_mix {
    double of_policy;    /* (1 − ε) (1 − s) */
    double of_incumbent; /* (1 − ε) s */
    double of_each;      /* ε / K */
    double floor;
    int32_t incumbent; /* −1: none */
    bool is_greedy;
    size_t n_allowed;  /* K; counted where ε > 0 */
    int32_t *excluded; /* [n_excluded] distinct, rising */
    size_t n_excluded;
} row_mix;

static bool is_allowed(const row_mix *mix, const rri_logits_input *in, size_t row, size_t position)
{
    const int32_t item = rri_identity_number(in->menu, in->catalogue->n_items, row, position);
    return rri_menu_is_alive(in->menu, row, rri_menu_item(in->menu, row, position)) &&
           (mix->n_excluded == 0 ||
            rri_tally_find(mix->excluded, mix->n_excluded, item) == mix->n_excluded);
}

static size_t count_allowed(const row_mix *mix, const rri_logits_input *in, size_t row)
{
    const rri_menu *menu = in->menu;
    const size_t length = rri_menu_length(menu, in->catalogue->n_items, row);
    if (menu->life == NULL && (menu->k == 0 || mix->n_excluded == 0)) {
        return length - mix->n_excluded;
    }
    if (menu->k == 0) {
        size_t n_alive = rri_items_alive_in(menu->pool, rri_menu_generation(menu, row));
        for (size_t i = 0; i < mix->n_excluded; i++) {
            n_alive -= rri_menu_is_alive(menu, row, mix->excluded[i]) ? 1 : 0;
        }
        return n_alive;
    }
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        n += is_allowed(mix, in, row, i) ? 1 : 0;
    }
    return n;
}

/* The caller rewinds the scratch. */
static row_mix mix_of(const rri_mixture *mixture, const rri_logits_input *in, size_t row,
                      rri_stack *scratch)
{
    const rri_menu *menu = in->menu;
    const size_t at = rri_menu_row(menu, row);
    row_mix mix = {.floor = mixture->floor,
                   .incumbent = mixture->incumbents != NULL ? mixture->incumbents[at] : -1,
                   .is_greedy = mixture->is_greedy};
    const double share = mix.incumbent >= 0 ? mixture->share : 0.0;
    mix.of_policy = (1.0 - mix.floor) * (1.0 - share);
    mix.of_incumbent = (1.0 - mix.floor) * share;
    if (mix.floor > 0.0) {
        if (menu->excluded != NULL && menu->m > 0) {
            mix.excluded = RRI_STACK_TAKE(scratch, int32_t, menu->m);
            const rri_entries excluded = rri_identity_excluded(menu, row);
            mix.n_excluded = rri_tally_build(
                mix.excluded, NULL,
                rri_identity_numbers(mix.excluded, menu, in->catalogue->n_items, row, &excluded),
                menu->m);
        }
        mix.n_allowed = count_allowed(&mix, in, row);
        mix.of_each = mix.floor / (double)mix.n_allowed;
    }
    return mix;
}

/* The position that has `rank` allowed ones before it. */
static size_t nth_allowed(const row_mix *mix, const rri_logits_input *in, size_t row, size_t rank)
{
    size_t position = rank;
    if (in->menu->k == 0 && in->menu->life == NULL) {
        for (size_t i = 0; i < mix->n_excluded && (size_t)mix->excluded[i] <= position; i++) {
            position++;
        }
        return position;
    }
    position = 0;
    for (size_t n_before = 0; mix->n_excluded > 0 || in->menu->life != NULL; position++) {
        if (is_allowed(mix, in, row, position) && n_before++ == rank) {
            return position;
        }
    }
    return rank;
}

/* log π of a position that may be chosen. */
static float log_of(const row_mix *mix, float log_p, size_t position, int32_t best)
{
    const bool is_incumbent = mix->incumbent >= 0 && position == (size_t)mix->incumbent;
    const double added = mix->of_each + (is_incumbent ? mix->of_incumbent : 0.0);
    if (isnan(log_p)) {
        return log_p;
    }
    if (mix->is_greedy) {
        const bool is_best = best >= 0 && position == (size_t)best;
        const double p = (is_best ? mix->of_policy : 0.0) + added;
        return p > 0.0 ? (float)rri_log_f64(p) : -INFINITY;
    }
    if (added > 0.0) {
        return (float)rri_log_f64(mix->of_policy * (double)rri_exp(log_p) + added);
    }
    if (mix->of_policy == 0.0) {
        return -INFINITY;
    }
    return (float)((double)log_p + rri_log_f64(mix->of_policy));
}

/* ── rows ── */

/* best [row_end] for rows from row_begin on, where greed asks for it; NULL elsewhere. The caller
 * rewinds the scratch. */
static int32_t *find_best(const rri_mixture *mixture, const rri_logits_input *in, size_t row_begin,
                          size_t row_end, rri_stack *scratch)
{
    if (!mixture->is_greedy) {
        return NULL;
    }
    int32_t *best = RRI_STACK_TAKE(scratch, int32_t, row_end);
    rri_choice_top_k(best, NULL, 1, in, row_begin, row_end, scratch);
    return best;
}

/* log π [n] of positions [n] of one row from their log p; positions NULL: 0 … n − 1. What has no
 * probability under the policy for being excluded, or lies behind the list, stays so. */
static void mix_row(float *log_probs, const int32_t *positions, size_t n, int32_t best,
                    const rri_mixture *mixture, const rri_logits_input *in, size_t row,
                    rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    const row_mix mix = mix_of(mixture, in, row, scratch);
    for (size_t i = 0; i < n; i++) {
        if (log_probs[i] != -INFINITY) {
            const size_t position = positions != NULL ? (size_t)positions[i] : i;
            log_probs[i] = log_of(&mix, log_probs[i], position, best);
        }
    }
    rri_stack_rewind(scratch, mark);
}

void rri_mixture_forward(float *log_probs, rri_policy_tape *tape, const rri_mixture *mixture,
                         const rri_logits_input *in, const int32_t *actions, size_t row_begin,
                         size_t row_end, rri_stack *scratch)
{
    rri_policy_forward(log_probs, tape, in, actions, row_begin, row_end, scratch);
    if (rri_mixture_is_plain(mixture)) {
        return;
    }
    const size_t mark = rri_stack_mark(scratch);
    const int32_t *best = find_best(mixture, in, row_begin, row_end, scratch);
    for (size_t row = row_begin; row < row_end; row++) {
        mix_row(log_probs + row, actions + row, 1, best != NULL ? best[row] : -1, mixture, in, row,
                scratch);
    }
    rri_stack_rewind(scratch, mark);
}

static int32_t part_of(double floor, double of_incumbent, double part)
{
    return part < floor                  ? RR_PART_FLOOR
           : part < floor + of_incumbent ? RR_PART_INCUMBENT
                                         : RR_PART_POLICY;
}

int32_t rri_mixture_part(const rri_mixture *mixture, size_t row, double part)
{
    const bool has_incumbent = mixture->incumbents != NULL && mixture->incumbents[row] >= 0;
    const double share = has_incumbent ? mixture->share : 0.0;
    return part_of(mixture->floor, (1.0 - mixture->floor) * share, part);
}

/* What one row plays instead of the policy's draw; −1: that draw. */
static int32_t other_part(const row_mix *mix, const rri_logits_input *in, size_t row, double part,
                          double uniform)
{
    const int32_t which = part_of(mix->floor, mix->of_incumbent, part);
    if (which == RR_PART_FLOOR) {
        const size_t rank = (size_t)(uniform * (double)mix->n_allowed);
        const size_t last = mix->n_allowed - 1;
        return (int32_t)nth_allowed(mix, in, row, rank < last ? rank : last);
    }
    return which == RR_PART_INCUMBENT ? mix->incumbent : -1;
}

/* One row whose action and log p are the policy's: perhaps another part's action, and log π. Greed
 * needs no log p of what it would not play. */
static void redraw_row(int32_t *actions, float *log_probs, rri_policy_tape *tape,
                       const rri_mixture *mixture, const rri_logits_input *in, size_t row,
                       double part, double uniform, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    const row_mix mix = mix_of(mixture, in, row, scratch);
    const int32_t best = actions[row];
    const int32_t other = other_part(&mix, in, row, part, uniform);
    const bool is_other = other >= 0 && other != best;
    actions[row] = is_other ? other : best >= 0 ? best : 0;
    if (is_other && !mix.is_greedy) {
        rri_policy_forward(log_probs, tape, in, actions, row, row + 1, scratch);
    }
    log_probs[row] = log_of(&mix, log_probs[row], (size_t)actions[row], best);
    rri_stack_rewind(scratch, mark);
}

void rri_mixture_draw(int32_t *actions, float *log_probs, rri_policy_tape *tape,
                      const rri_mixture *mixture, const rri_logits_input *in, const double *parts,
                      const double *uniforms, size_t row_begin, size_t row_end, rri_stack *scratch)
{
    if (mixture->is_greedy) {
        rri_choice_top_k(actions, log_probs, 1, in, row_begin, row_end, scratch);
        for (size_t row = row_begin; row < row_end; row++) {
            log_probs[row] = actions[row] >= 0 ? log_probs[row] : NAN;
        }
    } else {
        rri_choice_draw(actions, log_probs, NULL, in, uniforms, row_begin, row_end, scratch);
    }
    for (size_t row = row_begin; !rri_mixture_is_plain(mixture) && row < row_end; row++) {
        redraw_row(actions, log_probs, tape, mixture, in, row, parts[row], uniforms[row], scratch);
    }
}

void rri_mixture_log_probs(float *all, const rri_mixture *mixture, const rri_logits_input *in,
                           size_t row_begin, size_t row_end, rri_stack *scratch)
{
    rri_policy_log_probs(all, in, row_begin, row_end, scratch);
    if (rri_mixture_is_plain(mixture)) {
        return;
    }
    const size_t width = rri_menu_width(in->menu, in->catalogue->n_items);
    const size_t mark = rri_stack_mark(scratch);
    const int32_t *best = find_best(mixture, in, row_begin, row_end, scratch);
    for (size_t row = row_begin; row < row_end; row++) {
        mix_row(all + row * width, NULL, width, best != NULL ? best[row] : -1, mixture, in, row,
                scratch);
    }
    rri_stack_rewind(scratch, mark);
}

void rri_mixture_rank(float *log_probs, const int32_t *positions, size_t k_best,
                      const rri_mixture *mixture, const rri_logits_input *in, size_t row_begin,
                      size_t row_end, rri_stack *scratch)
{
    for (size_t row = row_begin; !rri_mixture_is_plain(mixture) && row < row_end; row++) {
        const int32_t *ranked = positions + row * k_best;
        mix_row(log_probs + row * k_best, ranked, k_best, ranked[0], mixture, in, row, scratch);
    }
}

/* One row as an input of its own: its log-probabilities need memory for one row. */
void rri_mixture_entropies(float *entropies, const rri_mixture *mixture, const rri_logits_input *in,
                           size_t row_begin, size_t row_end, rri_stack *scratch)
{
    const size_t width = rri_menu_width(in->menu, in->catalogue->n_items);
    const size_t mark = rri_stack_mark(scratch);
    float *log_probs = RRI_STACK_TAKE(scratch, float, width);
    for (size_t row = row_begin; row < row_end; row++) {
        const int32_t where = (int32_t)rri_menu_row(in->menu, row);
        rri_menu menu = *in->menu;
        menu.n = 1;
        menu.rows = &where;
        rri_logits_input one = *in;
        one.menu = &menu;
        one.q = in->q + row * in->catalogue->dim;
        rri_mixture_log_probs(log_probs, mixture, &one, 0, 1, scratch);
        double entropy = 0.0;
        for (size_t i = 0; i < width; i++) {
            if (log_probs[i] != -INFINITY) {
                entropy -= (double)rri_exp(log_probs[i]) * (double)log_probs[i];
            }
        }
        entropies[row] = (float)entropy;
    }
    rri_stack_rewind(scratch, mark);
}

size_t rri_mixture_scratch(const rri_kernels *kernels, const rri_logits_limits *limits)
{
    const size_t below =
        rri_size_larger(rri_policy_scratch(kernels, limits),
                        rri_size_larger(rri_choice_draw_scratch(kernels, limits),
                                        rri_choice_top_k_scratch(kernels, limits, 1)));
    const size_t with_rows = rri_stack_add(below, limits->n, sizeof(int32_t));
    const size_t with_excluded = rri_stack_add(with_rows, limits->m, sizeof(int32_t));
    return rri_stack_add(with_excluded, rri_sweep_width(limits), sizeof(float));
}
