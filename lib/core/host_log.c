/* SPDX-License-Identifier: MIT */
#include "core/host_log.h"

#include <stdarg.h>

#include "core/abi.h"
#include "core/text.h"

rri_host_log rri_host_log_of(const rr_host *host)
{
    rr_host full = {0};
    if (host == NULL || rri_abi_read(&full, sizeof full, host, "rr_host", NULL) != RR_OK) {
        return (rri_host_log){0};
    }
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
