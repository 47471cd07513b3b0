/* SPDX-License-Identifier: MIT */
/* ledger_handle.h: what is behind the handle rr_ledger. */
#ifndef RRI_LEDGER_LEDGER_HANDLE_H
#define RRI_LEDGER_LEDGER_HANDLE_H

#include "core/memory.h"
#include "ledger/ledger.h"

struct rr_ledger {
    rri_allocator allocator;
    rr_ledger_config config;
    rri_rollout rollout; /* the rows */
    rri_ledger ledger;   /* which of them belong together, and what they have earned */
    size_t bytes;        /* of the whole block, this struct included */
};

#endif
