/* SPDX-License-Identifier: MIT */
#include "saver.h"

#include "output.h"
#include "text.h"

static const double SHARE = 0.05; /* of the time, at most */

void saver_begin(saver *v)
{
    v->pause = v->seconds < 1.0 ? v->seconds : 1.0;
    v->last = text_seconds();
    v->n_updates = -1;
}

static bool save_to(const saver *v, const char *path)
{
    rr_error err;
    if (path[0] == '\0' || run_save(v->r, path, v->origin, &err) == RR_OK) {
        return true;
    }
    output_complain("%s: cannot be saved: %s", path, err.text);
    return false;
}

static bool save(saver *v, bool has_other)
{
    if (v->is_off) {
        return true;
    }
    const double begin = text_seconds();
    if (v->log != NULL) {
        log_sync(v->log);
    }
    const bool is_other_whole = !has_other || save_to(v, v->other);
    const bool is_whole = save_to(v, v->own) && is_other_whole;
    v->last = text_seconds();
    v->cost = v->last - begin;
    v->n_updates = is_whole ? rr_agent_updates(v->r->agent) : v->n_updates;
    return is_whole;
}

bool saver_save_own(saver *v)
{
    const bool is_whole = save(v, false);
    v->n_updates = v->other[0] != '\0' ? -1 : v->n_updates;
    return is_whole;
}

bool saver_save(saver *v)
{
    return v->n_updates == rr_agent_updates(v->r->agent) || save(v, true);
}

bool saver_update(saver *v)
{
    const int64_t before = v->n_updates;
    const double now = text_seconds();
    const double least = v->cost / SHARE;
    const bool is_due_by_count = v->every > 0 && rr_agent_updates(v->r->agent) % v->every == 0;
    const bool is_due_by_time =
        v->seconds > 0.0 && now - v->last >= (v->pause > least ? v->pause : least);
    if (is_due_by_count || is_due_by_time) {
        saver_save(v);
        v->pause = 2.0 * v->pause < v->seconds ? 2.0 * v->pause : v->seconds;
    }
    return v->n_updates != before;
}
