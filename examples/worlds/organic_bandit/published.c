/* SPDX-License-Identifier: MIT */
/* Figures of the notebooks in github.com/criteo-research/reco-gym: median and 95 % interval of the
 * rate in one run on one catalogue each. Catalogues are ours too, so the rates are estimates of the
 * same number. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "table.h"

typedef struct printed {
    const char *notebook;
    int32_t n_products, n_flips;
    uint32_t seed;
    double sigma_mu, sigma_omega;
    ob_chooser chooser;
    double low, median, high;
} printed;

static const printed figures[] = {
    {"Getting Started", 10, 0, 42, 3.0, 0.1, OB_RANDOM, 0.010143, 0.010861, 0.011613},
    {"Getting Started", 10, 0, 42, 3.0, 0.1, OB_POPULAR_SAMPLED, 0.012895, 0.013709, 0.014556},
    {"Compare Agents", 100, 0, 42, 3.0, 0.1, OB_RANDOM, 0.010070, 0.010775, 0.011512},
    {"Likelihood Agents", 10, 1, 42, 3.0, 0.1, OB_VIEWED_SAMPLED, 0.016336, 0.016620, 0.016906},
    {"Likelihood Agents", 20, 10, 42, 3.0, 0.1, OB_VIEWED_SAMPLED, 0.007956, 0.008153, 0.008354},
    {"Likelihood Agents", 10, 5, 42, 3.0, 0.1, OB_VIEWED_SAMPLED, 0.012743, 0.012994, 0.013247},
    {"Embedding LogReg", 16, 8, 42, 0.0, 0.0, OB_RANDOM, 0.009658, 0.009964, 0.010275},
    {"Embedding LogReg", 16, 8, 42, 0.0, 0.0, OB_VIEWED_SAMPLED, 0.012253, 0.012597, 0.012948},
    {"Evaluate Organic", 1000, 500, 41, 0.1, 0.05, OB_RANDOM, 0.009038, 0.009649, 0.010286},
    {"Evaluate Organic", 1000, 500, 41, 0.1, 0.05, OB_VIEWED_SAMPLED, 0.015113, 0.015896, 0.016706},
};

int ob_published_print(int32_t n_users)
{
    static ob_world world;
    static ob_counts counts;
    const int32_t n = (int32_t)(sizeof figures / sizeof figures[0]);
    int32_t n_inside = 0;
    printf("%-18s %8s %5s  %-18s %7s  %s\n", "notebook", "products", "flips", "policy", "ours %",
           "published %");
    for (int32_t i = 0; i < n; i++) {
        const printed *f = &figures[i];
        ob_config config = ob_config_default(f->n_products, f->n_flips, f->seed);
        config.sigma_mu = f->sigma_mu;
        config.sigma_omega = f->sigma_omega;
        if (ob_world_create(&world, &config) != 0) {
            return -1;
        }
        ob_counts_gather(&counts, &world, n_users);
        ob_result result;
        ob_chooser_play(&result, f->chooser, &world, &counts, n_users);
        const double rate = result.expected / result.n_shown;
        const int is_inside = rate >= f->low && rate <= f->high;
        n_inside += is_inside;
        printf("%-18s %8d %5d  %-18s %7.3f  %.3f [%.3f, %.3f]%s\n", f->notebook, f->n_products,
               f->n_flips, ob_chooser_names[f->chooser], 100.0 * rate, 100.0 * f->median,
               100.0 * f->low, 100.0 * f->high, is_inside ? "" : "  outside");
    }
    printf("%d of %d inside the published 95 %% interval\n", n_inside, n);
    return 0;
}
