/* SPDX-License-Identifier: MIT */
/* Front door of what this build and this CPU are. */
#include "core/abi.h"
#include "core/status.h"
#include "math/kernels.h"

uint32_t rr_version(void)
{
    return RR_VERSION_MAJOR * 10000 + RR_VERSION_MINOR * 100 + RR_VERSION_PATCH;
}

rr_status rr_runtime_describe(rr_runtime_info *out, rr_error *err)
{
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_runtime_info", err));
    const rri_kernels *kernels = rri_kernels_detect();
    const rr_runtime_info info = {
        .struct_size = sizeof info,
        .version = rr_version(),
        .kernels = kernels->name,
        .tiles = kernels->is_blis ? "blis" : "own",
        .number_class = kernels->level == RRI_LEVEL_PORTABLE ? "portable" : "x86-64-fma",
    };
    rri_abi_write(out, &info, sizeof info);
    return RR_OK;
}
