/* SPDX-License-Identifier: MIT */
#include "core/host_log.h"

#include <stdarg.h>

#include "core/abi.h"
#include "core/text.h"

/* All 0 where there is none. */
static rr_host read_host(const rr_host *host)
{
    rr_host full = {0};
    if (host == NULL || rri_abi_read(&full, sizeof full, host, "rr_host", NULL) != RR_OK) {
        return (rr_host){0};
    }
    return full;
}

rri_host_cancel rri_host_cancel_of(const rr_host *host)
{
    const rr_host full = read_host(host);
    return (rri_host_cancel){.is_cancelled = full.is_cancelled, .user = full.user};
}

bool rri_host_cancel_asked(const rri_host_cancel *cancel)
{
    return cancel->is_cancelled != NULL && cancel->is_cancelled(cancel->user) != 0;
}

rri_host_log rri_host_log_of(const rr_host *host)
{
    const rr_host full = read_host(host);
    return (rri_host_log){.write = full.log, .user = full.user};
}

void rri_host_log_say(const rri_host_log *log, int32_t level, const char *format, ...)
{
    char sentence[sizeof((rr_error *)0)->text];
    if (log->write == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    rri_text_write_list(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    log->write(log->user, level, sentence);
}
