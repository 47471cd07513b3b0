# SPDX-License-Identifier: MIT
"""Opens a checkpoint with nothing but Python's standard library, as a reader in any language would.

    read_checkpoint.py PROGRAM    runs PROGRAM FOLDER, which writes FOLDER/checkpoint.safetensors and
                                  FOLDER/tensors.txt: a line "name value value" for each tensor, its
                                  first and last value; and finds the same in the file"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

BYTES = {"F32": 4, "F64": 8, "I32": 4, "I64": 8, "U64": 8, "U8": 1}


def size_of(shape):
    n = 1
    for dim in shape:
        n *= dim
    return n


def read(path):
    """(metadata, {name: (dtype, shape, bytes)})"""
    block = path.read_bytes()
    (length,) = struct.unpack_from("<Q", block)
    header = json.loads(block[8:8 + length].decode("utf-8"))
    metadata = header.pop("__metadata__")
    data, end = block[8 + length:], 0
    tensors = {}
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        assert begin == end, f"{name} begins at {begin}, not where those before end, {end}"
        assert stop - begin == size_of(entry["shape"]) * BYTES[entry["dtype"]], name
        tensors[name] = (entry["dtype"], entry["shape"], data[begin:stop])
        end = stop
    assert end == len(data), f"{len(data) - end} bytes belong to no tensor"
    assert (8 + length) % 64 == 0, "the data do not begin at a multiple of 64"
    return metadata, tensors


def check(folder):
    metadata, tensors = read(folder / "checkpoint.safetensors")
    assert metadata["format"] == "librecrl checkpoint" and metadata["format_version"] == "2"
    assert metadata["algo"] == "ppo"
    assert float(metadata["ppo.clip_eps"]) == 0.2
    lines = (folder / "tensors.txt").read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        name, first, last = line.split()
        for prefix in ("", "optimizer.first.", "optimizer.second."):
            dtype, shape, data = tensors[prefix + name]
            assert dtype == "F32", name
        data = tensors[name][2]
        values = struct.unpack(f"<{len(data) // 4}f", data)
        assert values[0] == float(first) and values[-1] == float(last), name
    assert bytes(tensors["blob"][2]) == b"hello from the host"
    assert list(tensors)[-1] == "checksum" and tensors["checksum"][1] == [8]
    updates = struct.unpack("<4q", tensors["agent.counters"][2])[0]
    assert updates == 2, updates
    print(f"{len(lines)} tensors of an agent, {len(tensors)} in all, {len(metadata)} texts")


with tempfile.TemporaryDirectory() as name:
    subprocess.run([sys.argv[1], name], check=True)
    check(pathlib.Path(name))
