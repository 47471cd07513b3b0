/* SPDX-License-Identifier: MIT */
/* figures.h: the library's figures as Prometheus reads them. */
#ifndef SERVER_FIGURES_H
#define SERVER_FIGURES_H

#include <recrl/recrl.h>
#include <stdio.h>

/* Every figure of a struct (RR_FIGURES_…), of n arms at from [n] each, as
 *
 *     # HELP recrl_GROUP_NAME what it is (its unit)
 *     # TYPE recrl_GROUP_NAME gauge
 *     recrl_GROUP_NAME{arm="0"} value
 *
 * A counter's name ends in _total. What is a name and no quantity becomes a label of a 1, in
 * recrl_GROUP_NAME_info. */
void figures_write(FILE *out, const char *group, int32_t of, const void *const *from, int32_t n);

#endif
