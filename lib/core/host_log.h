/* SPDX-License-Identifier: MIT */
/* host_log.h: sentences for the host's log, where it has one, and its wish to go no further. */
#ifndef RRI_CORE_HOST_LOG_H
#define RRI_CORE_HOST_LOG_H

#include <stdbool.h>

#include "recrl/recrl.h"

/* What rr_host says of logging; zero: no log. */
typedef struct rri_host_log {
    void (*write)(void *user, int32_t level, const char *sentence);
    void *user;
} rri_host_log;

/* What rr_host says of cancelling; zero: never. */
typedef struct rri_host_cancel {
    int32_t (*is_cancelled)(void *user);
    void *user;
} rri_host_cancel;

/* From a host that rri_allocator_init has judged; NULL is fine. A host of an older, shorter struct
 * has no log. */
rri_host_log rri_host_log_of(const rr_host *host);

/* One sentence, as rri_text_write writes it, of at most 507 bytes. Does nothing without a log. */
void rri_host_log_say(const rri_host_log *log, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As rri_host_log_of. */
rri_host_cancel rri_host_cancel_of(const rr_host *host);
bool rri_host_cancel_asked(const rri_host_cancel *cancel);

#endif
