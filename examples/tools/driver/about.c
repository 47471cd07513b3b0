/* SPDX-License-Identifier: MIT */
#include "about.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commit.h"
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

/* The command line of this process, its words set apart by blanks; "" where Linux is not. */
static void read_command(char *out, size_t capacity)
{
    out[0] = '\0';
    FILE *in = fopen("/proc/self/cmdline", "r");
    if (in == NULL) {
        return;
    }
    const size_t n = fread(out, 1, capacity - 1, in);
    fclose(in);
    for (size_t i = 0; i < n; i++) {
        out[i] = out[i] == '\0' || out[i] == '\n' ? ' ' : out[i];
    }
    out[n > 0 ? n - 1 : 0] = '\0';
}

static void read_date(char *out, size_t capacity)
{
    struct tm parts;
    const time_t now = time(NULL);
    out[0] = '\0';
    if (gmtime_r(&now, &parts) != NULL) {
        strftime(out, capacity, "%Y-%m-%d %H:%M UTC", &parts);
    }
}

void about_describe(about *a, int n_threads)
{
    rr_error err;
    rr_runtime_info info = {.struct_size = sizeof info};
    memset(a, 0, sizeof *a);
    read_machine(a->machine, sizeof a->machine);
    read_command(a->command, sizeof a->command);
    read_date(a->date, sizeof a->date);
    const uint32_t version = rr_version();
    snprintf(a->version, sizeof a->version, "%u.%u.%u (commit " COMMIT ")", version / 10000,
             version / 100 % 100, version % 100);
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
    fprintf(out, "version %s\ndate %s\ncommand %s\n", a->version, a->date, a->command);
    if (a->illness[0] != '\0') {
        fprintf(out, "illness %s\n", a->illness);
    }
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
        keep(a->version, sizeof a->version, line, "version");
        keep(a->date, sizeof a->date, line, "date");
        keep(a->command, sizeof a->command, line, "command");
        keep(a->illness, sizeof a->illness, line, "illness");
    }
    fclose(in);
    a->seconds = strtod(seconds, NULL);
    if (a->checkpoint[0] == '\0') {
        text_fail("%s does not say where the run's checkpoint is", path);
    }
}
