/* SPDX-License-Identifier: MIT */
/* guess.h: "did you mean": the name that a word which is none was probably meant to be. */
#ifndef EXAMPLES_DRIVER_GUESS_H
#define EXAMPLES_DRIVER_GUESS_H

/* Collects the name that is nearest to a word. */
typedef struct guess {
    const char *word;
    char best[64]; /* "": none is near */
    int distance;
} guess;

/* Starts with what other tools call it: "learning-rate" is lr here. */
void guess_begin(guess *g, const char *word);
/* One of the names that there are. */
void guess_offer(guess *g, const char *name);

#endif
