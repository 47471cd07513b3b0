/* SPDX-License-Identifier: MIT */
/* bench_load: a file of 20 million rows (--quick: 2 million) as MovieLens-20M has them, drawn and
 * written into the folder for temporary files, then loaded from the system's cache of it.
 *
 * The limit is reading the same file in the same blocks and looking at nothing. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "recrl/recrl.h"

enum { BLOCK = 4 << 20, N_ITEMS = 27000, MEAN_ROWS = 144 };

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 32;
}

static void write_file(FILE *file, long n_rows)
{
    long user = 0, left = 0;
    fprintf(file, "userId,movieId,rating,timestamp\n");
    for (long i = 0; i < n_rows; i++) {
        const uint64_t r = mix((uint64_t)i + 1);
        if (left-- == 0) {
            user++;
            left = 20 + (long)(r % (2 * (MEAN_ROWS - 20)));
        }
        const uint64_t item = 1 + (r >> 8) % (1 + (r >> 24) % N_ITEMS);
        fprintf(file, "%ld,%llu,%d.%d,%llu\n", user, (unsigned long long)item,
                (int)(1 + (r >> 40) % 5), (r >> 44) % 2 == 0 ? 0 : 5,
                (unsigned long long)(789652009 + (r >> 20) % 638000000));
    }
}

static double read_only(const char *path, double *bytes)
{
    static char block[BLOCK];
    const double begin = bench_now();
    const int fd = open(path, O_RDONLY);
    ssize_t got = 1;
    for (*bytes = 0.0; fd >= 0 && got > 0; *bytes += got > 0 ? (double)got : 0.0) {
        got = read(fd, block, sizeof block);
    }
    close(fd);
    return bench_now() - begin;
}

static double load(const char *path, int32_t num_threads, int64_t *n)
{
    rr_dataset *dataset = NULL;
    rr_error err;
    rr_load_options options;
    rr_load_options_init(&options, sizeof options);
    options.num_threads = num_threads;
    const double begin = bench_now();
    if (rr_dataset_load(&dataset, path, &options, NULL, &err) != RR_OK) {
        fprintf(stderr, "bench_load: %s\n", err.text);
        exit(1);
    }
    const double seconds = bench_now() - begin;
    *n = rr_dataset_count(dataset);
    rr_dataset_destroy(dataset);
    return seconds;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* The best of three of each, in turn. */
static void measure(bench *b, const char *path, const char *what, int32_t num_threads)
{
    double best_read = 1e9, best_load = 1e9, bytes = 0.0;
    int64_t n = 0;
    for (int i = 0; i < 3; i++) {
        best_read = smaller(best_read, read_only(path, &bytes));
        best_load = smaller(best_load, load(path, num_threads, &n));
    }
    char note[96];
    snprintf(note, sizeof note, "%.0f MB in %.2f s, %.2f GB/s", bytes / 1e6, best_load,
             bytes / best_load / 1e9);
    bench_tell(b, &(bench_result){.row = "load",
                                  .what = what,
                                  .threads = num_threads,
                                  .unit = "rows/s",
                                  .ours = (double)n / best_load,
                                  .limit = (double)n / best_read,
                                  .limit_is = "reading the file from the cache",
                                  .note = note});
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[FILE]");
    if (b.n_words > 0) {
        measure(&b, b.words[0], "a file", 1);
        measure(&b, b.words[0], "a file", 2);
        return bench_end(&b);
    }
    char path[] = "/tmp/bench_load_XXXXXX";
    FILE *const file = fdopen(mkstemp(path), "w");
    if (file == NULL) {
        fprintf(stderr, "bench_load: %s cannot be written\n", path);
        return 1;
    }
    write_file(file, b.is_quick ? 2000000 : 20000000);
    fclose(file);
    measure(&b, path, b.is_quick ? "2 million rows" : "20 million rows", 1);
    measure(&b, path, b.is_quick ? "2 million rows" : "20 million rows", 2);
    unlink(path);
    return bench_end(&b);
}
