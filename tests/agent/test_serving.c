/* SPDX-License-Identifier: MIT */
#include "check_run.h"

START_TEST(test_x)
{
}
END_TEST

CHECK_MAIN("x", test_x)
