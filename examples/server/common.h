/* SPDX-License-Identifier: MIT */
/* common.h: memory or the end; success or the end, with a sentence. A server of one's own has its
 * own way to fail. */
#ifndef SERVER_COMMON_H
#define SERVER_COMMON_H

#include <recrl/recrl.h>
#include <stdlib.h>

/* Zeroed; never NULL. */
void *take(size_t count, size_t bytes);
void require(rr_status status, const rr_error *err);
/* Says what failed and leaves. */
_Noreturn void give_up(const char *what, const char *why);

#endif
