/* SPDX-License-Identifier: MIT */
/* write_sample FILE: the sample of sample_tensors.h as a file, for readers in other languages. */
#include "io/safetensors_file.h"
#include "sample_tensors.h"

int main(int argc, char **argv)
{
    const bool is_written =
        argc == 2 && rri_safetensors_file_save(argv[1], sample_describe, NULL, NULL, NULL) == RR_OK;
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
