/* SPDX-License-Identifier: MIT */
#include "choosers.h"

#include <string.h>

#include "belief.h"

enum { OF_CHOICE = 2 };

const char *const ob_chooser_names[OB_CHOOSERS] = {
    "random",      "popular, sampled", "popular",  "own views, sampled", "own most viewed",
    "viewed last", "one for all",      "informed", "best known play"};

void ob_counts_gather(ob_counts *counts, const ob_world *world, int32_t n_users)
{
    const int32_t n = world->config.n_products;
    double clicks[OB_MOST_PRODUCTS] = {0};
    ob_user user;
    memset(counts, 0, sizeof *counts);
    for (int32_t u = 0; u < n_users; u++) {
        ob_user_begin(&user, world, OB_FIRST_WATCHED + (uint64_t)u);
        for (int32_t i = 0; i < n; i++) {
            counts->views[i] += user.views[i];
            clicks[i] += ob_user_click_probability(&user, world, i);
        }
        counts->n_views += user.n_views;
    }
    for (int32_t i = 1; i < n; i++) {
        counts->popular = counts->views[i] > counts->views[counts->popular] ? i : counts->popular;
        counts->fixed = clicks[i] > clicks[counts->fixed] ? i : counts->fixed;
    }
}

static int32_t most_viewed(const ob_user *user, const ob_world *world, const ob_counts *counts)
{
    int32_t best = 0;
    for (int32_t i = 1; i < world->config.n_products; i++) {
        const int is_more = user->views[i] > user->views[best];
        const int is_equal = user->views[i] == user->views[best];
        if (is_more || (is_equal && counts->views[i] > counts->views[best])) {
            best = i;
        }
    }
    return best;
}

static int32_t most_clickable(const ob_world *world, const double *omega)
{
    int32_t best = 0;
    double highest = 0.0;
    for (int32_t i = 0; i < world->config.n_products; i++) {
        double score = world->bandit_mean[i];
        for (int32_t k = 0; k < world->config.n_factors; k++) {
            score += world->bandit[i][k] * omega[k];
        }
        if (i == 0 || score > highest) {
            best = i;
            highest = score;
        }
    }
    return best;
}

static int32_t draw_view(const ob_user *user, const ob_world *world, ob_stream *stream)
{
    double weights[OB_MOST_PRODUCTS];
    for (int32_t i = 0; i < world->config.n_products; i++) {
        weights[i] = user->views[i];
    }
    return ob_stream_draw(stream, weights, user->n_views, world->config.n_products);
}

static int32_t choose(ob_chooser chooser, const ob_user *user, const ob_world *world,
                      const ob_counts *counts, const ob_belief *belief, ob_stream *stream)
{
    const int32_t n = world->config.n_products;
    switch (chooser) {
    case OB_RANDOM:
        return (int32_t)(ob_stream_uniform(stream) * n);
    case OB_POPULAR_SAMPLED:
        return ob_stream_draw(stream, counts->views, counts->n_views, n);
    case OB_POPULAR:
        return counts->popular;
    case OB_VIEWED_SAMPLED:
        return draw_view(user, world, stream);
    case OB_VIEWED:
        return most_viewed(user, world, counts);
    case OB_LAST:
        return user->last_view;
    case OB_FIXED:
        return counts->fixed;
    case OB_INFORMED:
        return most_clickable(world, belief->mean);
    default:
        return most_clickable(world, user->omega);
    }
}

void ob_chooser_play(ob_result *result, ob_chooser chooser, const ob_world *world,
                     const ob_counts *counts, int32_t n_users)
{
    const int is_sampled =
        chooser == OB_RANDOM || chooser == OB_POPULAR_SAMPLED || chooser == OB_VIEWED_SAMPLED;
    ob_user user;
    ob_belief belief;
    memset(result, 0, sizeof *result);
    for (int32_t u = 0; u < n_users; u++) {
        ob_stream stream = ob_stream_of(world->config.user_seed, OF_CHOICE, (uint64_t)u);
        ob_user_begin(&user, world, (uint64_t)u);
        ob_belief_begin(&belief, world);
        int32_t product = 0;
        for (int32_t n_known = 0; user.state == OB_BANDIT;) {
            if (chooser == OB_INFORMED) {
                ob_belief_follow(&belief, world, &user);
            }
            if (is_sampled || n_known != user.n_views) {
                product = choose(chooser, &user, world, counts, &belief, &stream);
                n_known = user.n_views;
            }
            result->expected += ob_user_click_probability(&user, world, product);
            ob_user_show(&user, world, product);
        }
        result->n_shown += user.n_shown;
        result->n_clicks += user.n_clicks;
    }
}
