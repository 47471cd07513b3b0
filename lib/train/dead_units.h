/* SPDX-License-Identifier: MIT */
/* dead_units.h: hidden units that say nothing: over n states, their output is one and the same. A
 * dead relu is 0 for all of them, a saturated tanh ±1. Read from the tape of a forward pass. */
#ifndef RRI_TRAIN_DEAD_UNITS_H
#define RRI_TRAIN_DEAD_UNITS_H

#include "model/network.h"

/* Share of the units of all activated layers, actor's and critic's, whose outputs over inputs [n]
 * differ by at most 1e-6. NaN without such layers, or for n < 2. The network is packed. work:
 * rri_dead_units_work floats, aligned as arena slices are. */
double rri_dead_units_share(const rri_network *net, const rri_inputs *in, size_t n, float *work);
size_t rri_dead_units_work(const rri_network *net, size_t n);

#endif
