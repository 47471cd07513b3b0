/* SPDX-License-Identifier: MIT */
/* memory.h: the host's allocator, the arena that a handle is carved from, and the scratch stack.
 *
 * A handle is one block from the host's allocator. Its parts have one layout function each, which
 * takes slices from an arena; create runs the layout twice, first with an arena that only counts
 * (base NULL), then with one over the block (rri_arena_create). Slices are 64-byte aligned, and
 * under AddressSanitizer a poisoned gap lies behind each. */
#ifndef RRI_CORE_MEMORY_H
#define RRI_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "recrl/recrl.h"

#define RRI_ALIGNMENT ((size_t)64)

/* The host's allocator, copied out of rr_host; malloc's where the host gave none. */
typedef struct rri_allocator {
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    void (*release)(void *user, void *block, size_t bytes);
    void *user;
} rri_allocator;

/* Reads and checks rr_host (NULL is fine). */
rr_status rri_allocator_init(rri_allocator *allocator, const rr_host *host, rr_error *err);

/* Zeroed, 64-byte aligned. `what` goes into the sentence when memory is out. bytes 0 gives a block.
 */
rr_status rri_memory_allocate(void **block, const rri_allocator *allocator, size_t bytes,
                              const char *what, rr_error *err);

/* The same with whatever lies there, for a block that is written as a whole at once. */
rr_status rri_memory_allocate_unset(void **block, const rri_allocator *allocator, size_t bytes,
                                    const char *what, rr_error *err);
void rri_memory_release(const rri_allocator *allocator, void *block, size_t bytes);
/* What the host is asked for where a block of `bytes` is allocated: whole alignments, at least one;
 * SIZE_MAX where that does not fit. */
size_t rri_memory_size(size_t bytes);

typedef struct rri_arena {
    char *base;          /* NULL: only count */
    size_t used;         /* bytes */
    bool has_overflowed; /* a size did not fit into size_t; the block must not be allocated */
} rri_arena;

/* `count` elements of `element_bytes`; NULL while counting. Never fails once carving. */
void *rri_arena_take(rri_arena *arena, size_t count, size_t element_bytes);
#define RRI_TAKE(arena, type, count) ((type *)rri_arena_take((arena), (count), sizeof(type)))

/* The step between the two runs of a layout: *arena is empty and lies over a fresh block of
 * `bytes`, zeroed, as the first run counted them (arena->used itself is fine). The block is
 * arena->base. A count that overflowed is refused with RR_E_MEMORY, and *arena is as before. */
rr_status rri_arena_create(rri_arena *arena, size_t bytes, const rri_allocator *allocator,
                           const char *what, rr_error *err);

/* Scratch memory in stack discipline: mark … take … rewind in the same function. A stack is sized
 * in create by whoever knows the deepest use; taking past the end is a programming error
 * (asserted). */
typedef struct rri_stack {
    char *base; /* 64-byte aligned, borrowed */
    size_t size, used;
} rri_stack;

static inline size_t rri_stack_mark(const rri_stack *stack)
{
    return stack->used;
}
static inline void rri_stack_rewind(rri_stack *stack, size_t mark)
{
    stack->used = mark;
}
void *rri_stack_take(rri_stack *stack, size_t bytes);
#define RRI_STACK_TAKE(stack, type, count)                                                         \
    ((type *)rri_stack_take((stack), (size_t)(count) * sizeof(type)))

static inline size_t rri_size_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t rri_size_larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* a · b and a + b that saturate at SIZE_MAX, so that an absurd size is refused, not wrapped. */
size_t rri_size_multiply(size_t a, size_t b);
size_t rri_size_add(size_t a, size_t b);

/* Bytes that one take of `count` elements costs on a stack, for sizing; saturates, too. */
static inline size_t rri_stack_cost(size_t count, size_t element_bytes)
{
    const size_t bytes = rri_size_multiply(count, element_bytes);
    return rri_size_add(bytes, RRI_ALIGNMENT - 1) / RRI_ALIGNMENT * RRI_ALIGNMENT;
}

/* Bytes for one more take on top of `bytes`: where shapes from a config are added up, plain sums
 * could wrap and the stack would be too small. */
static inline size_t rri_stack_add(size_t bytes, size_t count, size_t element_bytes)
{
    return rri_size_add(bytes, rri_stack_cost(count, element_bytes));
}

#endif
