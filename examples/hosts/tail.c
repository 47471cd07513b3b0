/* SPDX-License-Identifier: MIT */
/* A trainer follows a log while servers write it: what docs/log_format.md shows. A writer dies in
 * the middle of a blob, a disk changes a byte, and a read ends in the middle of what is good.
 *
 *     host_tail */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 1 << 16, DECISIONS = 12, PIECE = 100 };

/* What was read of a log so far, and where the next blob begins. */
typedef struct follower {
    unsigned char data[BYTES];
    size_t bytes, at;
    int64_t n_taken, n_later, n_damaged;
} follower;

static void take(follower *log, const rr_blob *blob)
{
    printf("decision %" PRIu64 ", %" PRIu64 " bytes at %zu\n", blob->decision, blob->bytes,
           log->at);
    log->n_taken++; /* a trainer imports data[at … at + bytes) here */
}

/* Goes on until the next blob is not whole yet. */
static void follow(follower *log)
{
    rr_blob blob = {.struct_size = sizeof blob};
    rr_error err;
    for (;;) {
        const rr_status status =
            rr_blob_describe(log->data + log->at, log->bytes - log->at, &blob, &err);
        if (status == RR_E_TOO_SMALL) {
            return; /* it has blob.bytes when it is whole: come back when more is there */
        }
        if (status == RR_OK) {
            take(log, &blob);
        } else if (status == RR_E_VERSION) {
            log->n_later++; /* whole, for a later release of this reader */
        } else {
            fprintf(stderr, "tail: at byte %zu: %s\n", log->at, err.text);
            log->n_damaged++;
            log->at++;
            if (rr_blob_next(log->data, log->bytes, &log->at, &blob, NULL) == RR_E_TOO_SMALL) {
                return; /* none yet, and `at` is where one may begin */
            }
            continue;
        }
        log->at += blob.bytes;
    }
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "tail: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* One decision of a server at the end of the log. */
static size_t write_decision(unsigned char *out, size_t capacity, uint64_t id)
{
    rr_error err;
    size_t bytes = 0;
    const float state[2] = {0.5f, (float)id};
    int32_t action = (int32_t)id % 3;
    float log_prob = -1.0f;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .state_dim = 2,
                        .states = state,
                        .sessions = &id,
                        .decisions = &id};
    const rr_decision decision = {
        .struct_size = sizeof decision, .n = 1, .actions = &action, .log_probs = &log_prob};
    require(rr_record_encode(&obs, &decision, 0, out, capacity, &bytes, &err), &err);
    return bytes;
}

int main(void)
{
    static unsigned char written[BYTES];
    static follower log;
    size_t end = 0;
    for (uint64_t id = 1; id <= DECISIONS; id++) {
        const size_t bytes = write_decision(written + end, BYTES - end, id);
        if (id == 4) {
            end += bytes / 2; /* this writer died; the next one goes on behind what it left */
            continue;
        }
        if (id == 8) {
            written[end + bytes / 2] ^= 1;
        }
        end += bytes;
    }
    while (log.bytes < end) {
        const size_t more = end - log.bytes < PIECE ? end - log.bytes : PIECE;
        memcpy(log.data + log.bytes, written + log.bytes, more); /* read */
        log.bytes += more;
        follow(&log);
    }
    printf("%" PRId64 " taken, %" PRId64 " of a later format, %" PRId64 " damaged places\n",
           log.n_taken, log.n_later, log.n_damaged);
    return log.n_taken == DECISIONS - 2 && log.n_damaged == 2 && log.at == end ? EXIT_SUCCESS
                                                                               : EXIT_FAILURE;
}
