/* SPDX-License-Identifier: MIT */
/* api_slot.c: the front door of rr_slot. */
#include "serve/slot.h"

#include "agent/agent.h"
#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"

enum { MOST_READERS = 4096 };

static rr_status check_readers(int32_t max_readers, const char *function, rr_error *err)
{
    if (max_readers < 1 || max_readers > MOST_READERS) {
        RRI_FAIL(err, RR_E_INVALID, "%s: max_readers is %d; it must be in [1, %d]", function,
                 max_readers, MOST_READERS);
    }
    return RR_OK;
}

rr_status rr_slot_memory(int32_t max_readers, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_slot_memory", "bytes", err));
    RRI_TRY(check_readers(max_readers, "rr_slot_memory", err));
    *bytes = rri_slot_memory((size_t)max_readers);
    return RR_OK;
}

rr_status rr_slot_create(rr_slot **out, rr_policy *first, int32_t max_readers, const rr_host *host,
                         rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_slot_create", "out", err));
    RRI_TRY(rri_require(first, "rr_slot_create", "first", err));
    RRI_TRY(check_readers(max_readers, "rr_slot_create", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_slot_create(out, first, (size_t)max_readers, &allocator, err);
}

rr_slot *rr_slot_retain(rr_slot *slot)
{
    return rri_slot_retain(slot);
}

void rr_slot_release(rr_slot *slot)
{
    rri_slot_release(slot);
}

rr_status rr_reader_join(rr_reader **out, rr_slot *slot, uint64_t seed, const rr_host *host,
                         rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_reader_join", "out", err));
    RRI_TRY(rri_require(slot, "rr_reader_join", "slot", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_slot_join(out, slot, seed, &allocator, err);
}

rr_status rr_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err)
{
    RRI_TRY(rri_require(slot, "rr_slot_swap", "slot", err));
    RRI_TRY(rri_require(policy, "rr_slot_swap", "policy", err));
    return rri_slot_swap(slot, policy, err);
}

static rr_status publish(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                         rr_error *err)
{
    rr_serving_options full;
    RRI_TRY(rri_config_read(&full, rri_config_table_of(RR_CONFIG_SERVING), options, err));
    return rri_agent_publish_to(slot, agent, &full, err);
}

rr_status rr_slot_publish(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                          rr_error *err)
{
    RRI_TRY(rri_require(slot, "rr_slot_publish", "slot", err));
    RRI_TRY(rri_require(agent, "rr_slot_publish", "agent", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = publish(slot, agent, options, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_slot_hold(rr_slot *slot, int32_t is_held, rr_error *err)
{
    RRI_TRY(rri_require(slot, "rr_slot_hold", "slot", err));
    if (is_held != 0 && is_held != 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_slot_hold: is_held is %d; it must be 0 or 1", is_held);
    }
    rri_slot_hold(slot, is_held != 0);
    return RR_OK;
}

rr_status rr_slot_describe(rr_slot *slot, rr_slot_info *out, rr_error *err)
{
    RRI_TRY(rri_require(slot, "rr_slot_describe", "slot", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_slot_info", err));
    rr_slot_info full;
    rri_slot_describe(slot, &full);
    rri_abi_write(out, &full, sizeof full);
    return RR_OK;
}

rr_policy *rr_slot_get(rr_slot *slot)
{
    return slot == NULL ? NULL : rri_slot_get(slot);
}

static rr_status check_reader(const rr_reader *reader, const char *function, bool is_held,
                              rr_error *err)
{
    RRI_TRY(rri_require(reader, function, "reader", err));
    if (reader->slot == NULL) {
        RRI_FAIL(err, RR_E_STATE, "%s: this reader is of no slot; make it with rr_reader_join",
                 function);
    }
    if (rri_slot_is_held(reader) != is_held) {
        RRI_FAIL(err, RR_E_STATE, "%s: this reader %s", function,
                 is_held ? "holds no policy; rr_reader_acquire comes first"
                         : "holds a policy already; rr_reader_release comes first");
    }
    return RR_OK;
}

rr_status rr_reader_acquire(rr_reader *reader, rr_policy **out, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_reader_acquire", "out", err));
    RRI_TRY(check_reader(reader, "rr_reader_acquire", false, err));
    *out = rri_slot_acquire(reader);
    return RR_OK;
}

rr_status rr_reader_release(rr_reader *reader, rr_error *err)
{
    RRI_TRY(check_reader(reader, "rr_reader_release", true, err));
    rri_slot_let_go(reader);
    return RR_OK;
}

rr_status rr_reader_act(rr_reader *reader, const rr_obs *obs, rr_decision *decision, rr_error *err)
{
    RRI_TRY(check_reader(reader, "rr_reader_act", false, err));
    const rr_status status = rr_policy_act(rri_slot_acquire(reader), reader, obs, decision, err);
    rri_slot_let_go(reader);
    rri_slot_count(reader, status, status == RR_OK ? (size_t)obs->n : 0);
    return status;
}
