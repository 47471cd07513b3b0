/* SPDX-License-Identifier: MIT */
/* checkpoint_parts.h: an rr_checkpoint of some handles and no blob, there until the next one. */
#ifndef TESTS_SUPPORT_CHECKPOINT_PARTS_H
#define TESTS_SUPPORT_CHECKPOINT_PARTS_H

#include <stddef.h>

#include "recrl/recrl.h"

static inline rr_checkpoint *checkpoint_parts(rr_agent *agent, rr_env *env, rr_buffer *buffer)
{
    static rr_checkpoint parts;
    parts =
        (rr_checkpoint){.struct_size = sizeof parts, .agent = agent, .env = env, .buffer = buffer};
    return &parts;
}

#endif
