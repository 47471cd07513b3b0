/* SPDX-License-Identifier: MIT */
/* inherit.h: an agent of other widths takes over from a checkpoint. recrl/checkpoint.h. */
#ifndef RRI_STORE_INHERIT_H
#define RRI_STORE_INHERIT_H

#include "agent/agent.h"
#include "buffer/columns.h"
#include "io/safetensors_reader.h"

/* columns NULL: all stayed where they were. Builds the agent's block anew; on failure the agent is
 * as before. */
rr_status rri_inherit(rr_inheritance *out, rr_agent *agent, const rri_safetensors_reader *reader,
                      const rri_columns *columns, rr_error *err);

#endif
