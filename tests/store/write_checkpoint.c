/* SPDX-License-Identifier: MIT */
/* Writes a checkpoint, and what is in it as text, into a folder; for read_checkpoint.py. */
#include "loop/machine.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: write_checkpoint FOLDER\n");
        return 2;
    }
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 4, 1, NULL);
    machine_update(&m);
    machine_update(&m);
    machine_step(&m);
    char path[4096];
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", argv[1]);
    static char blob[] = "hello from the host";
    rr_checkpoint all = machine_checkpoint(&m);
    all.blob = blob;
    all.blob_bytes = sizeof blob - 1;
    machine_require(rr_checkpoint_save(&all, path, &err), &err);

    snprintf(path, sizeof path, "%s/tensors.txt", argv[1]);
    FILE *text = fopen(path, "w");
    if (text == NULL) {
        perror(path);
        return EXIT_FAILURE;
    }
    for (int32_t i = 0; i < rr_agent_tensor_count(m.agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        machine_require(rr_agent_tensor_at(m.agent, i, &tensor, &err), &err);
        const int64_t last = tensor.shape[0] * (tensor.n_dims == 2 ? tensor.shape[1] : 1) - 1;
        fprintf(text, "%s %.17g %.17g\n", tensor.name, (double)tensor.data[0],
                (double)tensor.data[last]);
    }
    fclose(text);
    machine_destroy(&m);
    return EXIT_SUCCESS;
}
