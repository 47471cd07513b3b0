/* SPDX-License-Identifier: MIT */
/* vectors.h: vectors of a learned world from elsewhere, and its own for use elsewhere, as .npy.
 *
 *     FILE.npy        [items, d]   row i: the i-th item that the interactions name
 *     FILE.users.npy  [users, d]   row i: the i-th user that they name
 *
 * Order of first appearance in the file of interactions: pandas' unique() gives the same. The dot
 * product of a user's and an item's row is what the item pays. Fitted vectors of users end in
 * (1, b_u), those of items in (b_i, 1). */
#ifndef EXAMPLES_DRIVER_VECTORS_H
#define EXAMPLES_DRIVER_VECTORS_H

#include <stdint.h>

/* The width d of the vectors in FILE.npy and FILE.users.npy, which must agree, and be that of 1 to
 * 126 factors. Fails with the flag's name. */
int32_t vectors_width(const char *path);
/* items [n_items, dim], users [n_users, dim]; fails where the files' shapes are others. */
void vectors_read(float *users, float *items, const char *path, int32_t n_users, int32_t n_items,
                  int32_t dim);
/* Fails unless both files can be written: for before they are fitted. */
void vectors_require_writable(const char *path);
void vectors_write(const char *path, const float *users, const float *items, int32_t n_users,
                   int32_t n_items, int32_t dim);

#endif
