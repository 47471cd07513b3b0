/* SPDX-License-Identifier: MIT */
/* write_sample FILE: the sample of sample_tensors.h as a file, for readers in other languages. */
#include "io/atomic_file.h"
#include "sample_tensors.h"

int main(int argc, char **argv)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    if (argc != 2 || block == NULL) {
        return EXIT_FAILURE;
    }
    const rr_status status = rri_atomic_file_write(argv[1], block, bytes, NULL);
    free(block);
    return status == RR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
