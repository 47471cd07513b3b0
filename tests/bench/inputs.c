/* SPDX-License-Identifier: MIT */
/* inputs: how often the watch on inputs is wrong about a feed that moves by itself, and how soon it
 * names what happened to one.
 *
 * The healthy feed has twelve coordinates: some that go together, a clock and its quarter, a taste
 * that drifts, a deviation and a share with a daily cycle, a feature whose mean jumps when new
 * items come, heavy tails, zeros. A day has some 24 windows of 4,096 rows. Users are new in every
 * row, or stay for twenty rows, 64 side by side. inputs [windows] [trials] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/input_watch.h"

enum { D = 12, STATES = 9, WINDOW = 4096, USERS = 64, SESSION = 20 };
enum { TENFOLD, FLIPPED, ZEROED, SWAPPED, SHIFTED, DOUBLED, MIRRORED, FAULTS };

static const char *const fault_names[FAULTS] = {
    "states times 10",           "sign of a state coordinate",
    "a state coordinate is 0",   "two state coordinates swapped",
    "a shift of 2.5 deviations", "a feature times 2",
    "a feature x became 1 - x"};
static const char *const kinds[] = {"same", "moved", "emptied", "scaled", "turned", "swapped"};

typedef struct feed {
    uint64_t random;
    double hour, taste, item_level;
    double users[USERS][4];
    int64_t n;
    bool has_sessions;
} feed;

static double uniform(feed *f)
{
    uint64_t x = f->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((x ^ (x >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(feed *f)
{
    return sqrt(-2.0 * log(uniform(f))) * cos(6.283185307179586 * uniform(f));
}

/* row [D], and what it earns. */
static float next_row(feed *f, float *row)
{
    double *user = f->users[f->n % USERS];
    if (!f->has_sessions || (f->n / USERS + f->n % USERS) % SESSION == 0 || f->n < USERS) {
        for (int i = 0; i < 4; i++) {
            user[i] = normal(f);
        }
    }
    f->n++;
    f->hour += 6.283185307179586 / (24.0 * WINDOW);
    f->taste += 0.002 * normal(f);
    if (uniform(f) < 1.0 / (3.0 * WINDOW)) { /* new items */
        f->item_level = 0.1 * (uniform(f) - 0.5);
    }
    const double day = sin(f->hour);
    row[0] = (float)user[0];
    row[1] = (float)(0.3 * user[0] + 0.95 * user[1]);
    row[2] = (float)user[2];
    row[3] = (float)(0.1 * user[2] + user[3]);
    row[4] = (float)((1.0 + 0.3 * day) * normal(f));
    row[5] = (float)day;
    row[6] = (float)(cos(f->hour) + 0.3 * normal(f));
    row[7] = (float)(f->taste + normal(f));
    row[8] = uniform(f) < 0.3 + 0.1 * day ? 1.0f : 0.0f;
    row[9] = (float)fmin(fmax(uniform(f) * 0.8 + 0.1 + f->item_level, 0.0), 1.0);
    row[10] = (float)(0.3 * (double)row[9] + 0.7 * uniform(f));
    row[11] = (float)exp(normal(f));
    return (float)(0.2 * user[2] + 0.3 * (double)row[9] + normal(f));
}

static void falsify(float *row, int fault)
{
    const float first = row[0];
    for (int i = 0; fault == TENFOLD && i < STATES; i++) {
        row[i] *= 10.0f;
    }
    row[0] = fault == FLIPPED ? -first : fault == ZEROED ? 0.0f : row[0];
    row[0] = fault == SHIFTED ? first + 2.5f : row[0];
    if (fault == SWAPPED) {
        row[0] = row[3];
        row[3] = first;
    }
    row[9] = fault == DOUBLED ? 2.0f * row[9] : fault == MIRRORED ? 1.0f - row[9] : row[9];
}

static rri_input_watch make_watch(void **block)
{
    rri_input_watch watch;
    rri_arena arena = {0};
    rri_input_watch_layout(&watch, &arena, STATES, D - STATES, WINDOW);
    *block = aligned_alloc(RRI_ALIGNMENT, (arena.used + 63) / 64 * 64);
    if (*block == NULL) {
        exit(1);
    }
    memset(*block, 0, arena.used);
    arena = (rri_arena){.base = *block};
    rri_input_watch_layout(&watch, &arena, STATES, D - STATES, WINDOW);
    return watch;
}

static rri_input_change play(rri_input_watch *watch, feed *f, int fault)
{
    rri_input_change change;
    float row[D];
    for (int i = 0; i < WINDOW; i++) {
        const float reward = next_row(f, row);
        falsify(row, fault);
        rri_input_watch_row(watch, row, row + STATES);
        rri_input_watch_reward(watch, row, row + STATES, reward);
    }
    rri_input_watch_judge(&change, watch, 1.5);
    return change;
}

static void count_false(bool has_sessions, int n_windows, int n_of_a_run)
{
    int n_false = 0;
    void *block = NULL;
    rri_input_watch watch = {0};
    feed f = {0};
    for (int w = 0; w < n_windows; w++) {
        if (w % n_of_a_run == 0) {
            free(block);
            watch = make_watch(&block);
            f = (feed){
                .random = (uint64_t)w * 77 + 5, .hour = 0.1 * w, .has_sessions = has_sessions};
        }
        const rri_input_change c = play(&watch, &f, -1);
        n_false += c.kind != RRI_INPUT_SAME;
        if (c.kind != RRI_INPUT_SAME && n_false <= 20) {
            printf("    window %d of %d: coordinate %d %s, from %.3g to %.3g (other %d)\n",
                   w % n_of_a_run, n_of_a_run, (int)c.at, kinds[c.kind], c.before, c.now,
                   (int)c.other);
        }
    }
    free(block);
    printf("  %-28s runs of %4d windows: %d of %d windows\n",
           has_sessions ? "users who stay for 20 rows" : "a new user in every row", n_of_a_run,
           n_false, n_windows);
}

static void count_found(int fault, bool has_sessions, int n_trials)
{
    int n_found[3] = {0}, n_of_kind[6] = {0};
    for (int trial = 0; trial < n_trials; trial++) {
        void *block;
        rri_input_watch watch = make_watch(&block);
        feed f = {
            .random = (uint64_t)trial * 99 + 7, .hour = 0.37 * trial, .has_sessions = has_sessions};
        for (int w = 0; w < 3; w++) {
            (void)play(&watch, &f, -1);
        }
        for (int w = 0; w < 3; w++) {
            const rri_input_change c = w < 2 ? play(&watch, &f, fault) : (rri_input_change){0};
            if (c.kind != RRI_INPUT_SAME || w == 2) {
                n_found[w]++;
                n_of_kind[c.kind]++;
                break;
            }
        }
        free(block);
    }
    printf("  %-30s %-5s in window 1: %d, 2: %d, not: %d of %d;", fault_names[fault],
           has_sessions ? "stay" : "new", n_found[0], n_found[1], n_found[2], n_trials);
    for (int k = 1; k < 6; k++) {
        if (n_of_kind[k] > 0) {
            printf(" %s %d", kinds[k], n_of_kind[k]);
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const int n_windows = argc > 1 ? atoi(argv[1]) : 10000;
    const int n_trials = argc > 2 ? atoi(argv[2]) : 100;
    printf("false alarms of a healthy feed\n");
    for (int has_sessions = 0; has_sessions < 2; has_sessions++) {
        count_false(has_sessions, n_windows, 10);
        count_false(has_sessions, n_windows, 1000);
    }
    printf("what happened to an input after three windows\n");
    for (int fault = 0; fault < FAULTS; fault++) {
        count_found(fault, false, n_trials);
        count_found(fault, true, n_trials);
    }
    return 0;
}
