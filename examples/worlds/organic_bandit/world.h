/* SPDX-License-Identifier: MIT */
/* The session world of RecoGym v1 [Rohde et al. 2018, arXiv 1808.00720], from its published rules.
 *
 * A user browses a shop (organic) and reads elsewhere, where one product is recommended at
 * a time (bandit).
 *   P products · K factors · ω [K] what the user likes · Γ [P, K] μ [P] what draws views ·
 *   β [P, K] μ′ [P] what draws clicks
 *
 *   catalogue   Γ ~ N(0, 1),  μ ~ N(0, σ_μ²)
 *   flips       β = Γ and μ′ = μ, but for pairs of similar products that have changed places
 *               (catalogue below)
 *   new user    ω ~ N(0, σ_0²), organic
 *   organic     views product i with probability softmax(Γω + μ)_i
 *   bandit      clicks on a recommended i with probability Φ((βω + μ′)_i),
 *               Φ(x) = s(5 s(2 s(0.3 x) − 2) − 6),  s(x) = 1 / (1 + e^−x): within (0.0045, 0.0294)
 *   next        of an organic or a bandit event, by the transition matrix; a click leads to
 *               organic, whatever the matrix said
 *   drift       where the matrix says organic, ω ← ω + N(0, σ_ω²)
 *
 * Options of the published code that are off by default there are not here: drift during bandit
 * events (change_omega_for_bandits), rows of β scaled to length 1 (normalize_beta), clocks other
 * than one tick an event. Users draw from streams of their own rather than from one generator
 * for all. */
#ifndef OB_WORLD_H
#define OB_WORLD_H

#include <stdint.h>

#include "numbers.h"

enum { OB_MOST_PRODUCTS = 1024, OB_MOST_FACTORS = 16, OB_RECENT = 256 };
typedef enum ob_state { OB_ORGANIC = 0, OB_BANDIT = 1, OB_STOP = 2 } ob_state;

typedef struct ob_config {
    int32_t n_products;            /* P, [2, OB_MOST_PRODUCTS]; 10 */
    int32_t n_factors;             /* K, [1, OB_MOST_FACTORS]; 5 */
    int32_t n_flips;               /* pairs that change places, ≤ P; 0 */
    uint32_t catalogue_seed;       /* random_seed of the published code */
    uint64_t user_seed;            /* of the streams of users */
    double organic_to_bandit;      /* 0.25 */
    double organic_to_stop;        /* 0.01 */
    double bandit_to_organic;      /* 0.05 */
    double bandit_to_stop;         /* 0.01 */
    double sigma_omega_initial;    /* σ_0; 1 */
    double sigma_omega;            /* σ_ω; 0.1 */
    double sigma_mu;               /* σ_μ; 3 */
} ob_config;

/* The defaults of the published code. */
ob_config ob_config_default(int32_t n_products, int32_t n_flips, uint32_t catalogue_seed);

typedef struct ob_world {
    ob_config config;
    double transition[3][3];                             /* from, to */
    double organic[OB_MOST_PRODUCTS][OB_MOST_FACTORS];   /* Γ */
    double organic_mean[OB_MOST_PRODUCTS];               /* μ */
    double bandit[OB_MOST_PRODUCTS][OB_MOST_FACTORS];    /* β */
    double bandit_mean[OB_MOST_PRODUCTS];                /* μ′ */
    int32_t place_of[OB_MOST_PRODUCTS];                  /* β_i = Γ_place_of[i] */
} ob_world;

/* 0, or −1 without memory for the P² similarities of flips. */
int ob_world_create(ob_world *world, const ob_config *config);

/* A person, as the world knows her; a feed sees the views, the clicks and the number of events. */
typedef struct ob_user {
    ob_stream stream;
    ob_state state;                    /* OB_BANDIT: waits for a recommendation; OB_STOP: gone */
    double omega[OB_MOST_FACTORS];
    int32_t views[OB_MOST_PRODUCTS];   /* of each product, so far */
    int32_t last_view;
    int32_t n_views, n_shown, n_clicks;
    int32_t recent[OB_RECENT];         /* view number t (from 0) is at t mod OB_RECENT: the latest
                                          are there */
} ob_user;

/* A new user, and her first organic session. She may be gone after it. */
void ob_user_begin(ob_user *user, const ob_world *world, uint64_t id);
/* Recommends a product to a user in OB_BANDIT; 1 for a click. What follows up to the next bandit
 * event, or the end, has happened when it returns. */
int ob_user_show(ob_user *user, const ob_world *world, int32_t product);
/* Φ((βω + μ′)_product), which only the world knows. */
double ob_user_click_probability(const ob_user *user, const ob_world *world, int32_t product);

/* Φ(x). */
double ob_click_curve(double x);

#endif
