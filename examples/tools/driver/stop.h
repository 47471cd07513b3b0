/* SPDX-License-Identifier: MIT */
/* stop.h: signals that end a run. The first one asks: the run saves and ends. It says on stderr
 * that it was heard. Another one, a moment later, ends the process at once; what was saved last
 * stays whole. */
#ifndef EXAMPLES_DRIVER_STOP_H
#define EXAMPLES_DRIVER_STOP_H

#include <stdbool.h>
#include <sys/types.h>

/* Catches SIGINT, SIGTERM and SIGHUP (unless nohup has it ignored), and ignores SIGPIPE: a reader
 * of stdout that goes away is an error of the next write. `sentence`, of static life, is what the
 * first signal says; NULL: nothing. */
void stop_catch(const char *sentence);
/* From here on a signal ends the process, as it does where none is caught. */
void stop_release(void);
/* The signal that asked; 0: none. */
int stop_asked(void);

/* Processes to which signals are passed on; at most STOP_MOST. */
enum { STOP_MOST = 1000 };
void stop_pass_to(pid_t process);
void stop_pass_no_more(pid_t process);
/* In a child: passes on nothing, and is asked to stop when its parent ends, however it does. */
void stop_follow(pid_t parent);

#endif
