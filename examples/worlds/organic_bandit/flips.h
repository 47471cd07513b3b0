/* SPDX-License-Identifier: MIT */
/* Which products change places: popularity and taste of a flipped pair say the wrong thing about
 * its clicks.
 *
 * Pairs (i, j) in falling order of Γ_i · Γ_j; a pair is taken when neither of the two was taken
 * before, until n_flips are. The pair (i, i) takes part with similarity 0 instead of |Γ_i|², as in
 * the published code: a product all of whose free partners are unlike it uses up a flip and stays
 * where it is. */
#ifndef OB_FLIPS_H
#define OB_FLIPS_H

#include <stdint.h>

#include "world.h"

/* place_of [n_products] ← where the answer to i is taken from: i itself, or its partner. 0, or −1
 * without memory. */
int ob_flips_choose(int32_t *place_of, const double (*organic)[OB_MOST_FACTORS], int32_t n_products,
                    int32_t n_factors, int32_t n_flips);

#endif
