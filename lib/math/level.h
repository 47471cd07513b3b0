/* SPDX-License-Identifier: MIT */
/* level.h: for the files that are compiled once per level: which one this compilation is.
 *
 * The build defines RRI_LEVEL as 1 (avx2) or 2 (avx512) together with the matching flags; without
 * it a file is the portable level. RRI_AT_LEVEL(rri_reduce) is the level's name for rri_reduce. */
#ifndef RRI_MATH_LEVEL_H
#define RRI_MATH_LEVEL_H

#ifndef RRI_LEVEL
#define RRI_LEVEL 0
#endif

#if RRI_LEVEL == 2
#define RRI_AT_LEVEL(name) name##_avx512
#elif RRI_LEVEL == 1
#define RRI_AT_LEVEL(name) name##_avx2
#else
#define RRI_AT_LEVEL(name) name##_portable
#endif

#endif
