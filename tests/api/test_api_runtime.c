/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check_run.h"
#include "math/kernels.h"
#include "recrl/recrl.h"

START_TEST(test_api_runtime_describes_the_kernels_in_use)
{
    rr_runtime_info info = {.struct_size = sizeof info};
    ck_assert_int_eq(rr_runtime_describe(&info, NULL), RR_OK);
    ck_assert_uint_eq(info.struct_size, sizeof info);
    ck_assert_uint_eq(info.version,
                      RR_VERSION_MAJOR * 10000 + RR_VERSION_MINOR * 100 + RR_VERSION_PATCH);
    ck_assert_uint_eq(rr_version(), info.version);
    ck_assert_str_eq(info.kernels, rri_kernels_detect()->name);
    ck_assert_str_eq(info.tiles, rri_kernels_detect()->is_blis ? "blis" : "own");
}
END_TEST

START_TEST(test_api_runtime_only_fma_machines_share_their_bytes)
{
    static const struct {
        int level;
        const char *name, *number_class;
    } levels[] = {{RRI_LEVEL_PORTABLE, "portable", "portable"},
                  {RRI_LEVEL_AVX2, "avx2", "x86-64-fma"},
                  {RRI_LEVEL_AVX512, "avx512", "x86-64-fma"}};
    for (size_t i = 0; i < 3; i++) {
        if (rri_kernels_force(levels[i].level)) {
            rr_runtime_info info = {.struct_size = sizeof info};
            ck_assert_int_eq(rr_runtime_describe(&info, NULL), RR_OK);
            ck_assert_str_eq(info.kernels, levels[i].name);
            ck_assert_str_eq(info.number_class, levels[i].number_class);
        }
    }
    (void)rri_kernels_force(-1);
}
END_TEST

START_TEST(test_api_runtime_null_is_refused)
{
    ck_assert_int_eq(rr_runtime_describe(NULL, NULL), RR_E_INVALID);
}
END_TEST

CHECK_MAIN("api/api_runtime", test_api_runtime_describes_the_kernels_in_use,
           test_api_runtime_only_fma_machines_share_their_bytes, test_api_runtime_null_is_refused)
