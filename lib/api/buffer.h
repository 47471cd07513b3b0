/* SPDX-License-Identifier: MIT */
/* buffer.h: what is behind the handle rr_buffer. */
#ifndef RRI_API_BUFFER_H
#define RRI_API_BUFFER_H

#include "core/memory.h"
#include "rl/ledger.h"

struct rr_buffer {
    rri_allocator allocator;
    rr_buffer_config config;
    rri_rollout rollout;
    rri_ledger ledger; /* read where config.is_keyed */
    size_t bytes; /* of the whole block, this struct included */
};

#endif
