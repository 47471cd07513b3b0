/* SPDX-License-Identifier: MIT */
/* buffer_handle.h: what is behind the handle rr_buffer. */
#ifndef RRI_BUFFER_BUFFER_HANDLE_H
#define RRI_BUFFER_BUFFER_HANDLE_H

#include "buffer/rollout.h"
#include "core/memory.h"

struct rr_buffer {
    rri_allocator allocator;
    rr_buffer_config config;
    rri_rollout rollout;
    size_t bytes; /* of the whole block, this struct included */
};

#endif
