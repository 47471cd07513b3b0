/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <math.h>
#include <string.h>

#include "flips.h"

enum { OF_USER = 1 };

ob_config ob_config_default(int32_t n_products, int32_t n_flips, uint32_t catalogue_seed)
{
    return (ob_config){.n_products = n_products,
                       .n_factors = 5,
                       .n_flips = n_flips,
                       .catalogue_seed = catalogue_seed,
                       .user_seed = catalogue_seed,
                       .organic_to_bandit = 0.25,
                       .organic_to_stop = 0.01,
                       .bandit_to_organic = 0.05,
                       .bandit_to_stop = 0.01,
                       .sigma_omega_initial = 1.0,
                       .sigma_omega = 0.1,
                       .sigma_mu = 3.0};
}

/* What is left of a row stays where it is. */
static void fill_transition(double transition[3][3], const ob_config *c)
{
    const double rows[3][3] = {
        {1.0 - c->organic_to_bandit - c->organic_to_stop, c->organic_to_bandit, c->organic_to_stop},
        {c->bandit_to_organic, 1.0 - c->bandit_to_organic - c->bandit_to_stop, c->bandit_to_stop},
        {0.0, 0.0, 1.0}};
    memcpy(transition, rows, sizeof rows);
}

int ob_world_create(ob_world *world, const ob_config *config)
{
    ob_twister twister;
    ob_twister_seed(&twister, config->catalogue_seed);
    memset(world, 0, sizeof *world);
    world->config = *config;
    fill_transition(world->transition, config);
    for (int32_t i = 0; i < config->n_products; i++) {
        for (int32_t k = 0; k < config->n_factors; k++) {
            world->organic[i][k] = ob_twister_normal(&twister);
        }
    }
    for (int32_t i = 0; i < config->n_products; i++) {
        world->organic_mean[i] = config->sigma_mu * ob_twister_normal(&twister);
    }
    if (ob_flips_choose(world->place_of, world->organic, config->n_products, config->n_factors,
                        config->n_flips) != 0) {
        return -1;
    }
    for (int32_t i = 0; i < config->n_products; i++) {
        const int32_t place = world->place_of[i];
        memcpy(world->bandit[i], world->organic[place], sizeof world->bandit[i]);
        world->bandit_mean[i] = world->organic_mean[place];
    }
    return 0;
}

static double affinity(const double *product, double mean, const double *omega, int32_t n_factors)
{
    double sum = mean;
    for (int32_t k = 0; k < n_factors; k++) {
        sum += product[k] * omega[k];
    }
    return sum;
}

static void view(ob_user *user, const ob_world *world)
{
    const int32_t n = world->config.n_products;
    double weights[OB_MOST_PRODUCTS];
    double highest = -INFINITY;
    for (int32_t i = 0; i < n; i++) {
        weights[i] = affinity(world->organic[i], world->organic_mean[i], user->omega,
                              world->config.n_factors);
        highest = fmax(highest, weights[i]);
    }
    double total = 0.0;
    for (int32_t i = 0; i < n; i++) {
        weights[i] = exp(weights[i] - highest);
        total += weights[i];
    }
    const int32_t product = ob_stream_draw(&user->stream, weights, total, n);
    user->recent[user->n_views % OB_RECENT] = product;
    user->views[product]++;
    user->n_views++;
    user->last_view = product;
}

/* One step of the chain, and the drift where it leads to organic. */
static void move(ob_user *user, const ob_world *world)
{
    user->state = (ob_state)ob_stream_draw(&user->stream, world->transition[user->state], 1.0, 3);
    if (user->state == OB_ORGANIC) {
        for (int32_t k = 0; k < world->config.n_factors; k++) {
            user->omega[k] += world->config.sigma_omega * ob_stream_normal(&user->stream);
        }
    }
}

static void browse(ob_user *user, const ob_world *world)
{
    while (user->state == OB_ORGANIC) {
        view(user, world);
        move(user, world);
    }
}

void ob_user_begin(ob_user *user, const ob_world *world, uint64_t id)
{
    memset(user, 0, sizeof *user);
    user->stream = ob_stream_of(world->config.user_seed, OF_USER, id);
    for (int32_t k = 0; k < world->config.n_factors; k++) {
        user->omega[k] = world->config.sigma_omega_initial * ob_stream_normal(&user->stream);
    }
    user->state = OB_ORGANIC;
    browse(user, world);
}

double ob_click_curve(double x)
{
    const double inner = 1.0 / (1.0 + exp(-0.3 * x));
    const double middle = 1.0 / (1.0 + exp(2.0 - 2.0 * inner));
    return 1.0 / (1.0 + exp(6.0 - 5.0 * middle));
}

double ob_user_click_probability(const ob_user *user, const ob_world *world, int32_t product)
{
    return ob_click_curve(affinity(world->bandit[product], world->bandit_mean[product], user->omega,
                                   world->config.n_factors));
}

int ob_user_show(ob_user *user, const ob_world *world, int32_t product)
{
    const double probability = ob_user_click_probability(user, world, product);
    const int is_click = ob_stream_uniform(&user->stream) < probability;
    user->n_shown++;
    user->n_clicks += is_click;
    move(user, world);
    if (is_click) {
        user->state = OB_ORGANIC;
    }
    browse(user, world);
    return is_click;
}
