/* SPDX-License-Identifier: MIT */
/* buffer_handle.h: what is behind the handle rr_buffer. */
#ifndef RRI_LEDGER_BUFFER_HANDLE_H
#define RRI_LEDGER_BUFFER_HANDLE_H

#include "core/memory.h"
#include "ledger/ledger.h"

struct rr_buffer {
    rri_allocator allocator;
    rr_buffer_config config;
    rri_rollout rollout;
    rri_ledger ledger; /* read where config.is_keyed */
    size_t bytes;      /* of the whole block, this struct included */
};

#endif
