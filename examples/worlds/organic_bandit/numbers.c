/* SPDX-License-Identifier: MIT */
#include "numbers.h"

#include <math.h>

enum { WORDS = 624, DISTANCE = 397 };

void ob_twister_seed(ob_twister *twister, uint32_t seed)
{
    twister->words[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        const uint32_t before = twister->words[i - 1];
        twister->words[i] = UINT32_C(1812433253) * (before ^ (before >> 30)) + i;
    }
    twister->at = WORDS;
    twister->has_spare = 0;
}

/* The recurrence of [Matsumoto and Nishimura 1998], all 624 words at once. */
static void next_words(ob_twister *twister)
{
    uint32_t *w = twister->words;
    for (int32_t i = 0; i < WORDS; i++) {
        const uint32_t joined =
            (w[i] & UINT32_C(0x80000000)) | (w[(i + 1) % WORDS] & UINT32_C(0x7fffffff));
        const uint32_t twist = (joined & 1) != 0 ? UINT32_C(0x9908b0df) : 0;
        w[i] = w[(i + DISTANCE) % WORDS] ^ (joined >> 1) ^ twist;
    }
    twister->at = 0;
}

static uint32_t next_word(ob_twister *twister)
{
    if (twister->at == WORDS) {
        next_words(twister);
    }
    uint32_t x = twister->words[twister->at++];
    x ^= x >> 11;
    x ^= (x << 7) & UINT32_C(0x9d2c5680);
    x ^= (x << 15) & UINT32_C(0xefc60000);
    return x ^ (x >> 18);
}

double ob_twister_uniform(ob_twister *twister)
{
    const uint32_t high = next_word(twister) >> 5;
    const uint32_t low = next_word(twister) >> 6;
    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

/* A point of the unit disc gives two normals; the second coordinate's comes first. */
double ob_twister_normal(ob_twister *twister)
{
    if (twister->has_spare) {
        twister->has_spare = 0;
        return twister->spare;
    }
    double x, y, square;
    do {
        x = 2.0 * ob_twister_uniform(twister) - 1.0;
        y = 2.0 * ob_twister_uniform(twister) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    const double stretch = sqrt(-2.0 * log(square) / square);
    twister->spare = stretch * x;
    twister->has_spare = 1;
    return stretch * y;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

ob_stream ob_stream_of(uint64_t seed, uint64_t purpose, uint64_t user)
{
    const uint64_t step = UINT64_C(0x9E3779B97F4A7C15);
    return (ob_stream){.key = mix(mix(mix(seed + step) ^ (purpose * step)) + user * step)};
}

double ob_stream_uniform(ob_stream *stream)
{
    stream->count++;
    const uint64_t word = mix(stream->key + stream->count * UINT64_C(0x9E3779B97F4A7C15));
    return (double)(word >> 11) * 0x1p-53;
}

double ob_stream_normal(ob_stream *stream)
{
    const double radius = sqrt(-2.0 * log(1.0 - ob_stream_uniform(stream)));
    return radius * cos(6.283185307179586 * ob_stream_uniform(stream));
}

int32_t ob_stream_draw(ob_stream *stream, const double *weights, double total, int32_t n)
{
    double left = ob_stream_uniform(stream) * total;
    int32_t last = 0;
    for (int32_t i = 0; i < n; i++) {
        if (weights[i] > 0.0) {
            last = i;
            left -= weights[i];
            if (left < 0.0) {
                break;
            }
        }
    }
    return last;
}
