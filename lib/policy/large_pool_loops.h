/* SPDX-License-Identifier: MIT */
/* large_pool_loops.h: which of the compiled loops over a large pool's blocks a level uses. */
#ifndef RRI_POLICY_LARGE_POOL_LOOPS_H
#define RRI_POLICY_LARGE_POOL_LOOPS_H

#include "math/kernels.h"
#include "policy/large_pool_block.h"

const rri_large_pool_block *rri_large_pool_loops_of(const rri_kernels *kernels);

#endif
