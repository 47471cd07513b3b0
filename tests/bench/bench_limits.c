/* SPDX-License-Identifier: MIT */
/* bench_limits: what a core of this machine can do, with the instructions that the library uses:
 * the limits that docs/performance.md is told against. */
#include <stdio.h>

#include "bench.h"
#include "limits.h"

int main(int argc, char **argv)
{
    static const struct {
        const char *what;
        size_t bytes;
    } levels[] = {{"read, first level", LIMITS_L1},
                  {"read, second level", LIMITS_L2},
                  {"read, third level", LIMITS_L3},
                  {"read, memory", LIMITS_MEMORY}};
    bench b;
    bench_begin(&b, argc, argv, "");
    bench_tell(
        &b, &(bench_result){
                .row = "limits", .what = "P, FMA", .unit = "GFLOP/s", .ours = 1e-9 * limits_fma()});
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        bench_tell(&b, &(bench_result){.row = "limits",
                                       .what = levels[i].what,
                                       .x = (double)levels[i].bytes,
                                       .unit = "GB/s",
                                       .ours = 1e-9 * limits_read(levels[i].bytes)});
    }
    return bench_end(&b);
}
