/* SPDX-License-Identifier: MIT */
#include "belief.h"

#include <math.h>
#include <string.h>

enum { NEWTON_STEPS = 3, MOST = OB_MOST_FACTORS };

void ob_belief_begin(ob_belief *belief, const ob_world *world)
{
    memset(belief, 0, sizeof *belief);
    for (int32_t k = 0; k < world->config.n_factors; k++) {
        belief->covariance[k][k] =
            world->config.sigma_omega_initial * world->config.sigma_omega_initial;
    }
}

/* out ← a⁻¹ of a symmetric positive matrix, by Gauss and Jordan; a is used up. */
static void invert(double out[MOST][MOST], double a[MOST][MOST], int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < n; j++) {
            out[i][j] = i == j ? 1.0 : 0.0;
        }
    }
    for (int32_t pivot = 0; pivot < n; pivot++) {
        const double scale = 1.0 / a[pivot][pivot];
        for (int32_t j = 0; j < n; j++) {
            a[pivot][j] *= scale;
            out[pivot][j] *= scale;
        }
        for (int32_t i = 0; i < n; i++) {
            const double factor = i == pivot ? 0.0 : a[i][pivot];
            for (int32_t j = 0; j < n; j++) {
                a[i][j] -= factor * a[pivot][j];
                out[i][j] -= factor * out[pivot][j];
            }
        }
    }
}

/* mean ← Σ p_i Γ_i and spread ← Cov_p(Γ), with p = softmax(Γω + μ). */
static void moments(double *mean, double spread[MOST][MOST], const ob_world *world,
                    const double *omega)
{
    const int32_t n = world->config.n_products;
    const int32_t d = world->config.n_factors;
    double p[OB_MOST_PRODUCTS];
    double highest = -INFINITY;
    for (int32_t i = 0; i < n; i++) {
        p[i] = world->organic_mean[i];
        for (int32_t k = 0; k < d; k++) {
            p[i] += world->organic[i][k] * omega[k];
        }
        highest = fmax(highest, p[i]);
    }
    double total = 0.0;
    memset(mean, 0, MOST * sizeof *mean);
    memset(spread, 0, MOST * sizeof *spread);
    for (int32_t i = 0; i < n; i++) {
        p[i] = exp(p[i] - highest);
        total += p[i];
        for (int32_t k = 0; k < d; k++) {
            mean[k] += p[i] * world->organic[i][k];
            for (int32_t j = 0; j < d; j++) {
                spread[k][j] += p[i] * world->organic[i][k] * world->organic[i][j];
            }
        }
    }
    for (int32_t k = 0; k < d; k++) {
        mean[k] /= total;
    }
    for (int32_t k = 0; k < d; k++) {
        for (int32_t j = 0; j < d; j++) {
            spread[k][j] = spread[k][j] / total - mean[k] * mean[j];
        }
    }
}

/* One step to the mode of log softmax(Γω + μ)_v − ½ (ω − m)ᵀ S⁻¹ (ω − m); belief's covariance
 * becomes that of the point it started from. */
static void newton(double *omega, ob_belief *belief, double prior[MOST][MOST],
                   const ob_world *world, int32_t view)
{
    const int32_t d = world->config.n_factors;
    double seen[MOST], spread[MOST][MOST], slope[MOST];
    moments(seen, spread, world, omega);
    for (int32_t k = 0; k < d; k++) {
        slope[k] = world->organic[view][k] - seen[k];
        for (int32_t j = 0; j < d; j++) {
            slope[k] -= prior[k][j] * (omega[j] - belief->mean[j]);
            spread[k][j] += prior[k][j];
        }
    }
    invert(belief->covariance, spread, d);
    for (int32_t k = 0; k < d; k++) {
        for (int32_t j = 0; j < d; j++) {
            omega[k] += belief->covariance[k][j] * slope[j];
        }
    }
}

static void take(ob_belief *belief, const ob_world *world, int32_t view)
{
    const int32_t d = world->config.n_factors;
    const double drift = world->config.sigma_omega * world->config.sigma_omega;
    double prior[MOST][MOST], omega[MOST];
    for (int32_t k = 0; k < d && belief->n_seen > 0; k++) {
        belief->covariance[k][k] += drift;
    }
    invert(prior, belief->covariance, d);
    memcpy(omega, belief->mean, sizeof omega);
    for (int32_t step = 0; step < NEWTON_STEPS; step++) {
        newton(omega, belief, prior, world, view);
    }
    memcpy(belief->mean, omega, sizeof omega);
    belief->n_seen++;
}

void ob_belief_follow(ob_belief *belief, const ob_world *world, const ob_user *user)
{
    const int32_t oldest = user->n_views - OB_RECENT;
    if (belief->n_seen < oldest) {
        belief->n_seen = oldest;
    }
    while (belief->n_seen < user->n_views) {
        take(belief, world, user->recent[belief->n_seen % OB_RECENT]);
    }
}
