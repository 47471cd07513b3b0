/* SPDX-License-Identifier: MIT */
/* api_ranking.c: the front door of rr_dataset_rank, where interactions (data) meet metrics (eval).
 */
#include "core/abi.h"
#include "core/finite.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/workers.h"
#include "data/held_out.h"
#include "data/load_rows.h"
#include "eval/ranking.h"

enum { MOST_THREADS = 64 };

static rr_status check_parts(const rr_dataset *train, const rr_dataset *held_out, rr_error *err)
{
    RRI_TRY(rri_require(train, "rr_dataset_rank", "train", err));
    RRI_TRY(rri_require(held_out, "rr_dataset_rank", "held_out", err));
    if (train->rows.user_table.n_keys != held_out->rows.user_table.n_keys ||
        train->rows.item_table.n_keys != held_out->rows.item_table.n_keys) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "rr_dataset_rank: train has %zu users and %zu items, held_out %zu and %zu; both "
                 "must be selected from one dataset",
                 train->rows.user_table.n_keys, train->rows.item_table.n_keys,
                 held_out->rows.user_table.n_keys, held_out->rows.item_table.n_keys);
    }
    return RR_OK;
}

static rr_status check_numbers(const rr_ranker *ranker, rr_error *err)
{
    if (ranker->n_best < 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: n_best is %d; it must be at least 1",
                 ranker->n_best);
    }
    if (ranker->num_threads < 0 || ranker->num_threads > MOST_THREADS) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: num_threads is %d; it must be in [0, %d]",
                 ranker->num_threads, MOST_THREADS);
    }
    if (ranker->reserved != 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "rr_ranker: reserved is %u; it must be 0",
                 ranker->reserved);
    }
    return RR_OK;
}

/* Vectors come in pairs and not beside lists, each with its length. */
static rr_status check_givens(const rr_ranker *ranker, rr_error *err)
{
    const bool has_vectors = ranker->user_vectors != NULL, has_lists = ranker->lists != NULL;
    if (has_vectors != (ranker->item_vectors != NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: %s is NULL; both or neither",
                 has_vectors ? "item_vectors" : "user_vectors");
    }
    if (has_vectors && has_lists) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: there are vectors and lists; only one may rank");
    }
    if (has_vectors ? ranker->dim < 1 : ranker->dim != 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: dim is %d; it must be %s", ranker->dim,
                 has_vectors ? "at least 1" : "0 without vectors");
    }
    if (has_lists ? ranker->list_length < 1 : ranker->list_length != 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ranker: list_length is %d; it must be %s",
                 ranker->list_length, has_lists ? "at least 1" : "0 without lists");
    }
    return RR_OK;
}

static rr_status check_vectors(const char *name, const float *vectors, size_t n, size_t dim,
                               rr_error *err)
{
    for (size_t i = 0; vectors != NULL && i < n; i++) {
        RRI_TRY(rri_finite_check_row(name, vectors + i * dim, i, dim, err));
    }
    return RR_OK;
}

static rr_status check_lists(const rr_ranker *ranker, size_t n_users, size_t n_items, rr_error *err)
{
    const size_t length = (size_t)ranker->list_length;
    for (size_t i = 0; ranker->lists != NULL && i < n_users * length; i++) {
        if (ranker->lists[i] < -1 || ranker->lists[i] >= (int64_t)n_items) {
            RRI_FAIL(err, RR_E_INVALID, "rr_ranker: lists[%zu][%zu] is %d; it must be in [-1, %zu)",
                     i / length, i % length, ranker->lists[i], n_items);
        }
    }
    return RR_OK;
}

static rr_status check_ranker(const rr_ranker *ranker, size_t n_users, size_t n_items,
                              rr_error *err)
{
    const size_t dim = (size_t)ranker->dim;
    RRI_TRY(check_numbers(ranker, err));
    RRI_TRY(check_givens(ranker, err));
    RRI_TRY(check_vectors("rr_ranker: user_vectors", ranker->user_vectors, n_users, dim, err));
    RRI_TRY(check_vectors("rr_ranker: item_vectors", ranker->item_vectors, n_items, dim, err));
    return check_lists(ranker, n_users, n_items, err);
}

static rr_status rank(rr_ranking *found, const rr_ranker *ranker, const rri_held_out *lists,
                      size_t n_items, const rri_allocator *allocator, rr_error *err)
{
    const size_t n_best = (size_t)ranker->n_best;
    const rri_ranking_task task = {
        .n_users = lists->train.n_rows,
        .n_items = n_items,
        .dim = ranker->dim > 0 ? (size_t)ranker->dim : 1,
        .k = n_best < n_items ? n_best : n_items,
        .train = {lists->train.starts, lists->train.others},
        .held_out = {lists->liked.starts, lists->liked.others},
        .user_vectors = ranker->user_vectors,
        .item_vectors = ranker->item_vectors,
        .lists = ranker->lists,
        .list_length = (size_t)ranker->list_length,
    };
    rri_workers *workers = NULL;
    RRI_TRY(rri_workers_create(&workers, ranker->num_threads > 1 ? ranker->num_threads : 1,
                               allocator, err));
    const rr_status status = rri_ranking_summarize(found, &task, workers, allocator, err);
    rri_workers_destroy(workers);
    return status;
}

rr_status rr_dataset_rank(const rr_dataset *train, const rr_dataset *held_out,
                          const rr_ranker *ranker, const rr_host *host, rr_ranking *out,
                          rr_error *err)
{
    rr_ranker full;
    rri_allocator allocator;
    rri_held_out lists;
    RRI_TRY(check_parts(train, held_out, err));
    RRI_TRY(rri_abi_read(&full, sizeof full, ranker, "rr_ranker", err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_ranking", err));
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    const size_t n_items = train->rows.item_table.n_keys;
    RRI_TRY(check_ranker(&full, train->rows.user_table.n_keys, n_items, err));
    rr_ranking found = {.struct_size = sizeof found, .n_best = full.n_best};
    RRI_TRY(rri_held_out_create(&lists, &train->rows, &held_out->rows, &allocator, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rank(&found, &full, &lists, n_items, &allocator, err);
    rri_fpmode_leave(before);
    rri_held_out_release(&lists);
    RRI_TRY(status);
    rri_abi_write(out, &found, sizeof found);
    return RR_OK;
}
