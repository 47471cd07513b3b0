/* SPDX-License-Identifier: MIT */
#include "play/request.h"

#include <stdio.h>

#include "core/finite.h"
#include "core/status.h"
#include "items/items.h"
#include "policy/identity.h"

rr_status rri_request_check_states(const rri_network *network, const rr_obs *obs, const char *name,
                                   rr_error *err)
{
    const size_t S = network->state_dim;
    if (obs->n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "%s: n is %d; it must be at least 1", name, obs->n);
    }
    if (obs->state_dim < 0 || (size_t)obs->state_dim != S) {
        RRI_FAIL(err, RR_E_INVALID, "%s: state_dim is %d; this agent's is %zu", name,
                 obs->state_dim, S);
    }
    RRI_TRY(rri_require(obs->states, name, "states", err));
    const size_t n = (size_t)obs->n * S, i = rri_finite_find(obs->states, n);
    if (i < n) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "%s: states[%zu][%zu] is %g; it must be finite", name, i / S,
                 i % S, (double)obs->states[i]);
    }
    return RR_OK;
}

rr_status rri_request_check_schema(const rri_model *model, const rr_obs *obs, const char *name,
                                   rr_error *err)
{
    if (obs->schema != model->config.schema) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "%s: schema is %llu; this agent's is %llu, and columns mean what it says: send "
                 "that one's, or act with a policy of schema %llu",
                 name, (unsigned long long)obs->schema, (unsigned long long)model->config.schema,
                 (unsigned long long)obs->schema);
    }
    return RR_OK;
}

/* An agent mixes nothing in. */
static rr_status check_keys(const rri_workspace *work, const rr_obs *obs, rr_error *err)
{
    if (obs->incumbents != NULL && work->options == NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "obs: incumbents is set; an agent does not read it, a policy that was published "
                 "does");
    }
    if ((obs->sessions == NULL) != (obs->decisions == NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "obs: sessions and decisions must be given both or neither");
    }
    return RR_OK;
}

static rr_status check_most(const char *field, int32_t given, int32_t least, int32_t most,
                            const char *config, rr_error *err)
{
    if (given < least || given > most) {
        RRI_FAIL(err, RR_E_INVALID, "obs: %s is %d; this agent was made for %d … %d (%s)", field,
                 given, least, most, config);
    }
    return RR_OK;
}

rr_status rri_request_check_history(const rri_network *net, const rr_obs *obs, const char *name,
                                    rr_error *err)
{
    const bool reads_rewards = net->encoder.has_rewards || net->fold.width > 0;
    if (!rri_network_reads_past(net)) {
        return RR_OK;
    }
    if (obs->history != NULL && obs->n_history < 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: n_history is %d; it must be at least 0", name,
                 obs->n_history);
    }
    const size_t h = obs->history != NULL ? (size_t)obs->n_history : 0;
    const bool has_rewards = obs->history_rewards != NULL || h == 0 || !reads_rewards;
    if (obs->history == NULL || !has_rewards) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "%s: %s is NULL; this agent's %s reads it, and where there is no history yet, "
            "-1 in every place",
            name, obs->history == NULL ? "history" : "history_rewards",
            net->encoder.form != NULL ? "encoder" : "fold-in");
    }
    char what[48];
    (void)snprintf(what, sizeof what, "%s: history_rewards", name);
    for (size_t i = 0; reads_rewards && h > 0 && i < (size_t)obs->n; i++) {
        RRI_TRY(rri_finite_check_row(what, obs->history_rewards + i * h, i, h, err));
    }
    return RR_OK;
}

static rr_status check_shapes(const rri_workspace *work, const rr_obs *obs, rr_error *err)
{
    const rr_agent_config *config = &work->model->config;
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    const size_t most = work->most_rows > 0 ? work->most_rows : (size_t)config->max_rows;
    if (obs->n > 0 && (size_t)obs->n > most) {
        RRI_FAIL(err, RR_E_INVALID, "obs: n is %d; this agent was made for at most %zu (%s)",
                 obs->n, most, work->most_rows > 0 ? "max_update_rows" : "max_rows");
    }
    if (!has_lists && obs->n_candidates != 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: n_candidates is %d, but candidates and vectors are NULL; give one, or 0 for "
                 "the pool",
                 obs->n_candidates);
    }
    if (has_lists) {
        RRI_TRY(check_most("n_candidates", obs->n_candidates, 1, config->max_candidates,
                           "max_candidates", err));
    }
    if (obs->excluded != NULL) {
        RRI_TRY(
            check_most("n_excluded", obs->n_excluded, 0, config->max_history, "max_history", err));
    }
    if (obs->history != NULL) {
        RRI_TRY(
            check_most("n_history", obs->n_history, 0, config->max_history, "max_history", err));
    }
    if (!has_lists && (obs->lengths != NULL || obs->features != NULL || obs->counts != NULL)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: lengths, features and counts need candidates or vectors beside them");
    }
    if (config->candidate_hidden[0] > 0 && !has_lists) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "obs: candidates and vectors are NULL; this agent has a network over candidates "
                 "(candidate_hidden), which scores lists and not the whole pool");
    }
    if (config->feature_dim > 0 &&
        (obs->features == NULL || obs->feature_dim != config->feature_dim)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: feature_dim is %d%s; this agent scores %d features of each candidate",
                 obs->feature_dim, obs->features == NULL ? " (features is NULL)" : "",
                 config->feature_dim);
    }
    if (config->feature_dim == 0 && obs->features != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "obs: features is set; this agent was made with feature_dim 0");
    }
    if (obs->vectors != NULL && work->model->network.is_dense) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "obs: vectors is set; the dense head knows the items of its catalogue alone");
    }
    if (obs->vectors != NULL && obs->item_dim != config->item_dim) {
        RRI_FAIL(err, RR_E_INVALID, "obs: item_dim is %d; this agent's is %d", obs->item_dim,
                 config->item_dim);
    }
    return RR_OK;
}

/* The agent's own catalogue, or another pool scored with its own vectors. */
static rr_status choose_catalogue(rri_request *request, const rri_workspace *work,
                                  const rr_obs *obs, rr_error *err)
{
    const rri_network *net = &work->model->network;
    request->catalogue = net->catalogue;
    request->pool = work->model->items;
    const bool is_own =
        obs->pool == NULL || obs->pool == work->model->items ||
        (work->model->items != NULL &&
         rri_items_fingerprint(obs->pool) == rri_items_fingerprint(work->model->items));
    if (is_own) {
        return RR_OK;
    }
    uint32_t generation;
    const bool is_of_line =
        work->model->items != NULL &&
        rri_items_generation_of(&generation, work->model->items, rri_items_fingerprint(obs->pool));
    if (is_of_line && generation <= rri_items_generation(work->model->items)) {
        request->pool = obs->pool;
        request->catalogue.n_items = rri_items_count(obs->pool);
        return RR_OK;
    }
    if (is_of_line && net->at.item_bias != RRI_ABSENT) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "obs: pool is generation %u of a line of which the agent has generation %u, and "
                 "this agent learns something of each item; rr_agent_set_items, then publish",
                 (unsigned)generation, (unsigned)rri_items_generation(work->model->items));
    }
    if (net->is_dense || rri_network_learns_items(net)) {
        RRI_FAIL(
            err, RR_E_MISMATCH,
            "obs: pool is not the agent's catalogue, and this agent's item vectors are learned");
    }
    if (rri_items_dim(obs->pool) != net->dim) {
        RRI_FAIL(err, RR_E_MISMATCH, "obs: pool has vectors of width %zu; this agent's is %zu",
                 rri_items_dim(obs->pool), net->dim);
    }
    const size_t most = net->n_items > (size_t)work->model->config.max_pool_items
                            ? net->n_items
                            : (size_t)work->model->config.max_pool_items;
    if (rri_items_count(obs->pool) > most) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: pool has %zu items; this agent was made for at most %zu (max_pool_items)",
                 rri_items_count(obs->pool), most);
    }
    request->pool = obs->pool;
    request->catalogue = (rri_catalogue){
        .n_items = rri_items_count(obs->pool),
        .dim = net->dim,
        .vectors = rri_items_vectors(obs->pool),
    };
    return RR_OK;
}

/* A host's own choice is one that the policy may choose too; -1: none in this row. */
static rr_status check_incumbents(const rri_request *request, rr_error *err)
{
    for (size_t i = 0; request->incumbents != NULL && i < request->n; i++) {
        const int32_t incumbent = request->incumbents[i];
        if (incumbent == -1) {
            continue;
        }
        const size_t length = rri_menu_length(&request->menu, request->catalogue.n_items, i);
        const bool is_in_list = incumbent >= 0 && (size_t)incumbent < length;
        const int32_t item = is_in_list ? rri_menu_item(&request->menu, i, (size_t)incumbent) : -1;
        const rri_entries excluded = rri_identity_excluded(&request->menu, i);
        const bool is_excluded =
            is_in_list && rri_identity_has(&request->menu, i, &excluded, (size_t)incumbent);
        const bool is_gone = !rri_menu_is_alive(&request->menu, i, item);
        if (!is_in_list || is_excluded || is_gone) {
            RRI_FAIL(err, RR_E_INVALID, "obs: row %zu: incumbents is %d; it must be -1 or %s", i,
                     (int)incumbent,
                     is_excluded ? "a position that is not excluded"
                     : is_gone   ? "a position whose item is not gone"
                                 : "a position in its list");
        }
    }
    return RR_OK;
}

/* What networks read of an observation, whose arrays are borrowed. */
static rri_inputs inputs_of(const rr_obs *obs, const rri_catalogue *catalogue)
{
    return (rri_inputs){
        .states = obs->states,
        .history = obs->history,
        .history_rewards = obs->history_rewards,
        .features = obs->features,
        .state_dim = (size_t)obs->state_dim,
        .h = (size_t)obs->n_history,
        .k = (size_t)obs->n_candidates,
        .feature_dim = (size_t)obs->feature_dim,
        .vectors = catalogue->vectors,
        .n_items = catalogue->n_items,
    };
}

rr_status rri_request_read(rri_request *request, const rri_workspace *work, const rr_obs *obs,
                           rr_error *err)
{
    RRI_TRY(rri_request_check_schema(work->model, obs, "obs", err));
    RRI_TRY(check_keys(work, obs, err));
    RRI_TRY(check_shapes(work, obs, err));
    RRI_TRY(rri_request_check_states(&work->model->network, obs, "obs", err));
    RRI_TRY(rri_request_check_history(&work->model->network, obs, "obs", err));
    RRI_TRY(choose_catalogue(request, work, obs, err));

    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    request->n = (size_t)obs->n;
    request->decisions = obs->decisions;
    request->incumbents = obs->incumbents;
    request->inputs = inputs_of(obs, &request->catalogue);
    request->menu = (rri_menu){
        .n = request->n,
        .k = has_lists ? (size_t)obs->n_candidates : 0,
        .m = obs->excluded != NULL ? (size_t)obs->n_excluded : 0,
        .h = obs->history != NULL ? (size_t)obs->n_history : 0,
        .feature_dim = (size_t)work->model->config.feature_dim,
        .lengths = obs->lengths,
        .candidates = obs->candidates,
        .features = obs->features,
        .vectors = obs->vectors,
        .n_vectors = (size_t)obs->n_vectors,
        .counts = obs->counts,
        .excluded = obs->excluded,
        .history = obs->history,
        .candidate_keys = obs->candidate_keys,
        .excluded_keys = obs->excluded_keys,
        .history_keys = obs->history_keys,
    };
    rri_menu_set_pool(&request->menu, request->pool);
    if (request->catalogue.n_items == 0 && !has_lists) {
        RRI_FAIL(
            err, RR_E_INVALID,
            "obs: candidates and vectors are NULL, and this agent has no catalogue to choose from");
    }
    if (work->model->network.fold.width > 0 && !has_lists &&
        request->catalogue.n_items > RRI_KEPT_WIDTH) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "obs: candidates and vectors are NULL and the pool has %zu items; a fold-in "
                 "(has_fold_in) scores a whole pool of at most %zu, and lists of any",
                 request->catalogue.n_items, RRI_KEPT_WIDTH);
    }
    rri_stack *scratch = &work->stacks[0];
    const size_t mark = rri_stack_mark(scratch);
    const rr_status status =
        rri_menu_check(&request->menu, work->model->network.kernels, request->catalogue.n_items,
                       request->catalogue.dim, scratch, err);
    rri_stack_rewind(scratch, mark);
    RRI_TRY(status);
    return check_incumbents(request, err);
}

size_t rri_request_width(const rri_request *request)
{
    return rri_menu_width(&request->menu, request->catalogue.n_items);
}

uint64_t rri_request_fingerprint(const rri_request *request)
{
    return request->pool != NULL ? rri_items_fingerprint(request->pool) : 0;
}
