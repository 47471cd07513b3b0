/* SPDX-License-Identifier: MIT */
#include "common.h"

#include <stdio.h>

_Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "server: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

void *take(size_t count, size_t bytes)
{
    void *block = calloc(count > 0 ? count : 1, bytes);
    if (block == NULL) {
        give_up("memory", "there is none left");
    }
    return block;
}

void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        give_up(rr_status_name(status), err->text);
    }
}
