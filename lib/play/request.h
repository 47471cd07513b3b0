/* SPDX-License-Identifier: MIT */
/* request.h: an observation, judged once and turned into what policy and networks read. */
#ifndef RRI_PLAY_REQUEST_H
#define RRI_PLAY_REQUEST_H

#include "play/workspace.h"

typedef struct rri_request {
    size_t n;
    rri_inputs inputs; /* borrowed from the observation, as the menu */
    rri_menu menu;
    rri_catalogue catalogue;
    const rr_items *pool;      /* what positions refer to; NULL: none */
    const uint64_t *decisions; /* [n] or NULL */
    const int32_t *incumbents; /* [n] or NULL; with options alone */
} rri_request;

/* Refuses, with row and field: shapes that are not the model's, what is not served yet, numbers
 * that are not finite, lists that rri_menu_check refuses. `obs` is whole (read by rri_abi_read). */
rr_status rri_request_read(rri_request *request, const rri_workspace *work, const rr_obs *obs,
                           rr_error *err);

/* The host's number for what columns mean. Part of read. */
rr_status rri_request_check_schema(const rri_model *model, const rr_obs *obs, const char *name,
                                   rr_error *err);

/* States, for the critic: n, states and their width. `name` ("obs", "final_obs"). */
rr_status rri_request_check_states(const rri_network *network, const rr_obs *obs, const char *name,
                                   rr_error *err);

/* What an encoder reads beside the states, which have been checked: history is there, and with it
 * finite rewards where tokens have them. Without an encoder nothing is read. */
rr_status rri_request_check_history(const rri_network *network, const rr_obs *obs, const char *name,
                                    rr_error *err);

/* Positions of a row of all_log_probs: k, or N without lists. */
size_t rri_request_width(const rri_request *request);

/* The fingerprint of the pool, 0 where there is none. */
uint64_t rri_request_fingerprint(const rri_request *request);

#endif
