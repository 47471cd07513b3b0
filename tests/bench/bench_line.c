/* SPDX-License-Identifier: MIT */
/* bench_line.c: what it costs that one item of a large catalogue changes, until its readers choose
 * from it: rr_items_follow, rr_agent_set_items, rr_slot_publish. Frozen vectors, no bias, no
 * network but the skip. Beside it what a catalogue made anew costs, and one decision over the whole
 * pool with 0, 25 and 50 % of the indices gone, and what is resident of the catalogue.
 *
 *   words: number of items, width; none: 1000000 32. --quick: 10⁵ items */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recrl/recrl.h"

enum { STATE_DIM = 16, CHANGES = 200, DECISIONS = 40 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* Milliseconds of this thread, which does all of it: others may be at work on the machine. */
static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* Of this process, in MB; 0 where the system does not say. */
static double resident(void)
{
    unsigned long pages = 0;
    FILE *about = fopen("/proc/self/statm", "r");
    if (about == NULL || fscanf(about, "%*u %lu", &pages) != 1) {
        pages = 0;
    }
    if (about != NULL) {
        (void)fclose(about);
    }
    return 1e-6 * (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct line {
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader;
    uint64_t next_key, next_gone;
} line;

static void create(line *l, int32_t n, int32_t dim)
{
    rr_agent_config config;
    rr_policy *policy = NULL;
    require(rr_items_create_random(&l->items, n, dim, 1, NULL, &err));
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE_DIM;
    config.item_dim = dim;
    config.hidden[0] = config.hidden[1] = 0;
    config.max_rows = 1;
    config.max_update_rows = 256;
    config.max_candidates = 0;
    require(rr_agent_create(&l->agent, &config, NULL, l->items, NULL, &err));
    require(rr_agent_publish(l->agent, NULL, &policy, &err));
    require(rr_slot_create(&l->slot, policy, 1, NULL, &err));
    require(rr_reader_join(&l->reader, l->slot, 1, NULL, &err));
    rr_policy_release(policy);
    l->next_key = (uint64_t)n;
}

static void destroy(line *l)
{
    rr_reader_destroy(l->reader);
    rr_slot_release(l->slot);
    rr_agent_destroy(l->agent);
    rr_items_release(l->items);
}

static void exchange(line *l, rr_items *next)
{
    require(rr_agent_set_items(l->agent, next, &err));
    require(rr_slot_publish(l->slot, l->agent, NULL, &err));
    rr_items_release(l->items);
    l->items = next;
}

/* n items go and one comes; milliseconds. */
static double change(line *l, int32_t n_gone, int32_t dim)
{
    uint64_t *gone = malloc((size_t)n_gone * sizeof *gone);
    float *vector = calloc((size_t)dim, sizeof *vector);
    rr_items *next = NULL;
    const int32_t step = n_gone > 1 ? 4 : 1; /* many: all over the catalogue */
    for (int32_t i = 0; i < n_gone; i++) {
        gone[i] = l->next_gone;
        l->next_gone += (uint64_t)step;
    }
    const double begin = now();
    require(
        rr_items_follow(&next, l->items, gone, n_gone, &l->next_key, vector, 1, NULL, NULL, &err));
    exchange(l, next);
    const double spent = now() - begin;
    l->next_key++;
    free(gone);
    free(vector);
    return spent;
}

static double made_anew(line *l, int32_t n, int32_t dim)
{
    rr_items *next = NULL;
    rr_items_segment all = {.struct_size = sizeof all};
    require(rr_items_segment_at(l->items, 0, &all, &err));
    float *vectors = malloc((size_t)n * (size_t)dim * sizeof *vectors);
    memcpy(vectors, all.vectors, (size_t)n * (size_t)dim * sizeof *vectors);
    vectors[0] += 1.0f;
    const double begin = now();
    require(rr_items_create(&next, vectors, all.keys, n, dim, NULL, NULL, &err));
    exchange(l, next);
    const double spent = now() - begin;
    free(vectors);
    return spent;
}

static double decide(line *l)
{
    double times[DECISIONS];
    float state[STATE_DIM];
    for (int i = 0; i < DECISIONS; i++) {
        for (int c = 0; c < STATE_DIM; c++) {
            state[c] = (float)((i * 7 + c * 3) % 11) / 11.0f - 0.5f;
        }
        int32_t action;
        const rr_obs obs = {
            .struct_size = sizeof obs, .n = 1, .state_dim = STATE_DIM, .states = state};
        rr_decision decision = {.struct_size = sizeof decision, .n = 1, .actions = &action};
        const double begin = now();
        require(rr_reader_act(l->reader, &obs, &decision, &err));
        times[i] = now() - begin;
    }
    qsort(times, DECISIONS, sizeof times[0], by_size);
    return times[DECISIONS / 2];
}

int main(int argc, char **argv)
{
    const bool is_quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    const int32_t n = is_quick ? 100000 : argc > 1 ? (int32_t)atoi(argv[1]) : 1000000;
    const int32_t dim = !is_quick && argc > 2 ? (int32_t)atoi(argv[2]) : 32;
    line l = {0};
    if (n < 8 || dim < 1) {
        fprintf(stderr, "bench_line: give a number of items, at least 8, and a width\n");
        return 1;
    }
    create(&l, n, dim);
    printf("%d items of width %d\n", (int)n, (int)dim);
    printf("one item changes, the catalogue made anew   %9.3f ms\n", made_anew(&l, n, dim));
    printf("decision over the pool, none gone           %9.3f ms\n", decide(&l));
    printf("the first to follow, which copies           %9.3f ms\n", change(&l, 1, dim));
    double times[CHANGES];
    for (int i = 0; i < CHANGES; i++) {
        times[i] = change(&l, 1, dim);
    }
    qsort(times, CHANGES, sizeof times[0], by_size);
    printf("one item changes, followed                  %9.3f ms (longest of %d: %.3f)\n",
           times[CHANGES / 2], (int)CHANGES, times[CHANGES - 1]);
    printf("of a core, one such change a minute         %9.6f %% (the longest: %.4f %%)\n",
           times[CHANGES / 2] / 600.0, times[CHANGES - 1] / 600.0);
    size_t room = 0;
    require(rr_items_follow_memory(l.items, n / 2 + 2048, &room, &err)); /* the next array */
    printf("resident                                    %9.0f MB; vectors, keys and lives %.0f MB, "
           "another array would take %.0f\n",
           resident(), 1e-6 * (double)n * (4.0 * dim + 24.0), 1e-6 * (double)room);
    printf("decision over the pool, %5.2f %% gone        %9.3f ms\n",
           100.0 * (double)(CHANGES + 1) / (double)n, decide(&l));
    l.next_gone = CHANGES + 1 + (uint64_t)(4 - (CHANGES + 1) % 4);
    const int32_t quarter = n / 4 - CHANGES;
    printf("a quarter goes, followed                    %9.3f ms\n", change(&l, quarter, dim));
    printf("decision over the pool, 25 %% gone           %9.3f ms\n", decide(&l));
    l.next_gone = CHANGES + 2 + (uint64_t)(4 - (CHANGES + 1) % 4);
    printf("another quarter goes, followed              %9.3f ms\n", change(&l, quarter, dim));
    printf("decision over the pool, 50 %% gone           %9.3f ms\n", decide(&l));
    destroy(&l);
    return 0;
}
