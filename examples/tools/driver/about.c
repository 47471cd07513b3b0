/* SPDX-License-Identifier: MIT */
#include "about.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "text.h"

/* What Linux calls the processor; elsewhere nothing is known. */
static void read_machine(char *out, size_t capacity)
{
    char line[512];
    snprintf(out, capacity, "unknown");
    FILE *in = fopen("/proc/cpuinfo", "r");
    if (in == NULL) {
        return;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, capacity, "%s", value + 2);
            break;
        }
    }
    fclose(in);
}

void about_describe(about *a, int n_threads)
{
    rr_error err;
    rr_runtime_info info = {.struct_size = sizeof info};
    memset(a, 0, sizeof *a);
    read_machine(a->machine, sizeof a->machine);
    text_require(rr_runtime_describe(&info, &err), &err);
    snprintf(a->kernels, sizeof a->kernels, "%s, tiles %s, numbers %s, %d thread%s", info.kernels,
             info.tiles, info.number_class, n_threads, n_threads == 1 ? "" : "s");
}

void about_write(const about *a, const char *path)
{
    output_file file;
    FILE *out = output_open(&file, path);
    fprintf(out, "checkpoint %s\nmachine %s\nkernels %s\nseconds %.2f\n", a->checkpoint, a->machine,
            a->kernels, a->seconds);
    const int number = output_finish(&file);
    if (number != 0) {
        output_complain("%s: cannot be written: %s", path, strerror(number));
    }
}

/* The rest of a line that begins with the word; what is too long is cut. */
static void keep(char *out, size_t capacity, const char *line, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(line, word, n) == 0 && line[n] == ' ') {
        const size_t length = strlen(line + n + 1);
        const size_t kept = length < capacity ? length : capacity - 1;
        memcpy(out, line + n + 1, kept);
        out[kept] = '\0';
    }
}

void about_read(about *a, const char *path)
{
    char line[4352];
    char seconds[64] = "0";
    memset(a, 0, sizeof *a);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        text_fail("%s: %s; is this the folder of a run?", path, strerror(errno));
    }
    while (fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        keep(a->checkpoint, sizeof a->checkpoint, line, "checkpoint");
        keep(a->machine, sizeof a->machine, line, "machine");
        keep(a->kernels, sizeof a->kernels, line, "kernels");
        keep(seconds, sizeof seconds, line, "seconds");
    }
    fclose(in);
    a->seconds = strtod(seconds, NULL);
    if (a->checkpoint[0] == '\0') {
        text_fail("%s does not say where the run's checkpoint is", path);
    }
}
