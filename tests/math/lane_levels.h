/* SPDX-License-Identifier: MIT */
/* lane_levels.h: the probes of the levels that this CPU and build have. */
#ifndef TESTS_MATH_LANE_LEVELS_H
#define TESTS_MATH_LANE_LEVELS_H

#include "lane_probe.h"
#include "levels.h"

static inline size_t lane_levels(const lane_probe *probes[RRI_N_LEVELS])
{
    static const lane_probe *const all[RRI_N_LEVELS] = {
        &lane_probe_portable,
#ifdef RRI_HAVE_AVX2
        &lane_probe_avx2,
#endif
#ifdef RRI_HAVE_AVX512
        &lane_probe_avx512,
#endif
    };
    size_t n = 0;
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (rri_kernels_at(level) != NULL) { /* those that are not, levels_present names */
            probes[n++] = all[level];
        }
    }
    return n;
}

#endif
