# SPDX-License-Identifier: MIT
"""test_python_reads.py WRITE_SAMPLE: the format read by another language's own JSON and struct."""
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

FORMATS = {"F32": "f", "F64": "d", "I32": "i", "I64": "q", "U64": "Q", "U8": "B"}
EXPECTED = {
    "weights": ("F32", [2, 3], [0.5, -1.5, 2.0, 3.25, -0.0, struct.unpack("<f", struct.pack("<f", 1e-30))[0]]),
    "pi": ("F64", [], [math.pi]),
    "bytes": ("U8", [5], [1, 2, 3, 254, 255]),
    "indices": ("I32", [3], [-1, 0, 2147483647]),
    "nothing": ("F32", [0, 4], []),
    "times": ("I64", [1, 1, 1, 1], [-5000000000]),
    "keys": ("U64", [2], [0, 18446744073709551615]),
}


def read(block):
    (length,) = struct.unpack("<Q", block[:8])
    header = json.loads(block[8 : 8 + length].decode("utf-8"))
    data = block[8 + length :]
    tensors = {}
    end = 0
    metadata = header.pop("__metadata__")
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        assert begin == end, f"{name} begins at {begin}, not at {end}"
        end = stop
        kind = FORMATS[entry["dtype"]]
        count = math.prod(entry["shape"])
        values = list(struct.unpack(f"<{count}{kind}", data[begin:stop]))
        tensors[name] = (entry["dtype"], entry["shape"], values)
    assert end == len(data), "bytes behind the last tensor"
    return metadata, tensors


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "sample.safetensors")
    subprocess.run([sys.argv[1], path], check=True)
    with open(path, "rb") as file:
        metadata, tensors = read(file.read())

assert metadata == {"format": "sample", 'quote"d': "line\n\\tab\t\x01 é"}, metadata
assert tensors.pop("checksum")[:2] == ("U8", [8])
assert tensors == EXPECTED, tensors
print("read", len(tensors), "tensors and", len(metadata), "pairs of metadata")
