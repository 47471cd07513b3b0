/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <math.h>
#include <stdio.h>

#include "text.h"

const char *verdict_word(int state)
{
    static const char *const words[] = {[VERDICT_LEARNED] = "learned",
                                        [VERDICT_BEHIND] = "behind",
                                        [VERDICT_NOTHING] = "nothing learned",
                                        [VERDICT_ILL] = "ill"};
    return words[state];
}

static double interval(const rr_env_config *config, const rr_metrics_summary *s)
{
    return yardstick_is_leaving(config) ? s->return_per_session_interval
                                        : s->reward_per_step_interval;
}

/* "2.510 a step, 50.21 a session: 98.8 % of the best known play." */
static size_t say_figures(char *out, size_t capacity, const verdict_case *c, double share)
{
    const int n = snprintf(out, capacity, "%.3f a step, %.2f a session: %.1f %% of %s",
                           c->own->reward_per_step, c->own->return_per_session, 100.0 * share,
                           yardstick_phrase(c->config));
    return n > 0 && (size_t)n < capacity ? (size_t)n : capacity - 1;
}

/* Every play earns the same: there is no share, and nothing to learn. */
static bool is_flat(const verdict_case *c)
{
    const double best = yardstick_worth(c->config, c->yardstick);
    const double random = yardstick_worth(c->config, c->random);
    return !isfinite(best) || fabs(best - random) <= 1e-6 * (1.0 + fabs(best));
}

/* The better one of those that do not learn, are not the yardstick and see no more than the policy
 * does, and how it stands to random and to the policy. */
static void judge_worth(verdict *v, const verdict_case *c)
{
    const double own = yardstick_worth(c->config, c->own);
    const double random = yardstick_worth(c->config, c->random);
    const bool is_popular =
        yardstick_is_similar(c->config) || c->config->hides_user ||
        yardstick_worth(c->config, c->popular) > yardstick_worth(c->config, c->similar);
    const rr_metrics_summary *other = is_popular ? c->popular : c->similar;
    const char *name = yardstick_policy_name(is_popular ? YARDSTICK_POPULAR : YARDSTICK_SIMILAR);
    const double doubt = interval(c->config, c->own);
    const char *unit = yardstick_is_leaving(c->config) ? "a session" : "a step";
    const size_t n = say_figures(v->text, sizeof v->text, c, v->share);
    char *rest = v->text + n;
    const size_t room = sizeof v->text - n;
    if (own - doubt <= random) {
        v->state = VERDICT_NOTHING;
        snprintf(rest, room, ". It earns no more than random, which earns %.3f %s.",
                 fabs(random) < 0.0005 ? 0.0 : random, unit);
    } else if (own - doubt <= yardstick_worth(c->config, other)) {
        v->state = VERDICT_BEHIND;
        snprintf(rest, room, ". It is not ahead of %s, which does not learn and earns %.3f %s.",
                 name, yardstick_worth(c->config, other), unit);
    } else {
        v->state = VERDICT_LEARNED;
        snprintf(rest, room, ". The best of those that do not learn, %s, earns %.3f %s.", name,
                 yardstick_worth(c->config, other), unit);
    }
}

void verdict_judge(verdict *v, const verdict_case *c)
{
    const double best = yardstick_worth(c->config, c->yardstick);
    v->share = is_flat(c) ? (double)NAN : yardstick_worth(c->config, c->own) / best;
    if (is_flat(c)) {
        v->state = VERDICT_NOTHING;
        snprintf(v->text, sizeof v->text,
                 "%.3f a step. Every play earns the same in this world, random too: there is "
                 "nothing to learn.",
                 c->own->reward_per_step);
    } else {
        judge_worth(v, c);
    }
    if (c->illness[0] != '\0') {
        char figures[512];
        v->state = VERDICT_ILL;
        snprintf(figures, sizeof figures, "%.500s", v->text);
        snprintf(v->text, sizeof v->text, "%s Earned: %s", c->illness, figures);
    }
}
