/* SPDX-License-Identifier: MIT */
/* write_log FILE: the two decisions of log_fixture.h, an outcome with a final observation, an
 * outcome without, and an ending, one behind the other, for readers in other languages. */
#include <stdio.h>

#include "log/log_fixture.h"

static int append(FILE *file, const void *blob, size_t bytes, rr_status status)
{
    return status == RR_OK && fwrite(blob, 1, bytes, file) == bytes;
}

static int write_outcomes(FILE *file, const log_fixture *log)
{
    const uint64_t ids[] = {70, 71};
    const float rewards[] = {1.5f, -0.25f};
    const uint8_t terminated[] = {0, 1}, truncated[] = {1, 0};
    const int64_t times[] = {-4, 1000000000000};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 2,
                                .decisions = ids,
                                .rewards = rewards,
                                .terminated = terminated,
                                .truncated = truncated,
                                .times = times,
                                .final_obs = &log->obs};
    const uint64_t session = 12345;
    const rr_ending ending = {.struct_size = sizeof ending, .n = 1, .sessions = &session};
    unsigned char blob[1024];
    size_t bytes = 0;
    int is_well = 1;
    for (int32_t row = 0; row < 2; row++) {
        const rr_status status = rr_outcome_encode(&outcome, row, blob, sizeof blob, &bytes, NULL);
        is_well = is_well && append(file, blob, bytes, status);
    }
    const rr_status status = rr_ending_encode(&ending, 0, blob, sizeof blob, &bytes, NULL);
    return is_well && append(file, blob, bytes, status);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (file == NULL) {
        return EXIT_FAILURE;
    }
    log_fixture log;
    log_open(&log);
    unsigned char blob[1024];
    size_t bytes = 0;
    int is_well = 1;
    for (int32_t row = 0; row < LOG_ROWS; row++) {
        const rr_status status =
            rr_record_encode(&log.obs, &log.decision, row, blob, sizeof blob, &bytes, NULL);
        is_well = is_well && append(file, blob, bytes, status);
    }
    is_well = write_outcomes(file, &log) && is_well;
    is_well = fclose(file) == 0 && is_well;
    log_close(&log);
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
