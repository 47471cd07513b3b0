/* SPDX-License-Identifier: MIT */
/* run_room.c: a room's tests as one program, which is linked in a tenth of the time that a program
 * for each file takes.
 *
 *   test_ROOM ROOM/FILE    that file's suite, as meson runs it
 *   test_ROOM              the names of all */
#include <stdio.h>

#include "check_run.h"

static check_suite *suites;

void check_add(check_suite *suite)
{
    suite->next = suites;
    suites = suite;
}

int main(int argc, char **argv)
{
    for (const check_suite *s = suites; s != NULL; s = s->next) {
        if (argc == 2 && strcmp(s->name, argv[1]) == 0) {
            return s->run(s->name);
        }
        if (argc == 1) {
            printf("%s\n", s->name);
        }
    }
    if (argc == 1) {
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "%s: there is no such suite: %s\n", argv[0], argv[1]);
    return EXIT_FAILURE;
}
