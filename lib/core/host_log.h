/* SPDX-License-Identifier: MIT */
/* host_log.h: sentences for the host's log, where it has one. */
#ifndef RRI_CORE_HOST_LOG_H
#define RRI_CORE_HOST_LOG_H

#include "recrl/recrl.h"

/* What rr_host says of logging; zero: no log. */
typedef struct rri_host_log {
    void (*write)(void *user, int32_t level, const char *sentence);
    void *user;
} rri_host_log;

/* From a host that rri_allocator_init has judged; NULL is fine. A host of an older, shorter struct
 * has no log. */
rri_host_log rri_host_log_of(const rr_host *host);

/* One sentence, as rri_text_write writes it, of at most 507 bytes. Does nothing without a log. */
void rri_host_log_say(const rri_host_log *log, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
