# SPDX-License-Identifier: MIT
"""read_log.py WRITE_LOG LOG_FORMAT_MD: the reader that docs/log_format.md shows reads what was written."""
import os
import re
import subprocess
import sys
import tempfile
import tracemalloc

with open(sys.argv[2], encoding="utf-8") as page:
    (shown,) = re.findall(r"^```python\n(.*?)^```$", page.read(), re.M | re.S)
reader = {}
exec(compile(shown, sys.argv[2], "exec"), reader)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "sample.log")
    subprocess.run([sys.argv[1], path], check=True)
    with open(path, "rb") as file:
        data = file.read()

first, second, click, last, ending = reader["read"](data)


def ramp(start, begin, end):
    return tuple(start + 0.125 * i for i in range(begin, end))


KEYS = (9000000000000000001, 102, 103, 104, 105, 106)
assert first["kind"] == "RRRECORD" and first["has"] == 0x7F0000, hex(first["has"])
assert (first["session"], first["decision"], first["time"]) == (0xFFFFFFFFFFFFFFF0, 70, -5000000000)
assert (first["version"], first["action"], first["item"]) == (0x8000000000000001, 1, 3)
assert first["schema"] == click["final"]["schema"] == 0xF00000000000000C
assert first["item_key"] == 104 and (first["log_prob"], first["value"]) == (-1.25, 0.75)
assert first["candidates"] == (0, 3, -1, 5) and first["candidate_keys"] == (KEYS[0], 104, 0, 106)
assert second["candidates"] == (4, 2, 1) and second["counts"] == (3, 0, 0)
assert second["candidates_shape"] == (3, 1) and second["features_shape"] == (3, 2)
assert second["states"] == ramp(-1.0, 3, 6) and second["features"] == ramp(2.0, 8, 14)
assert first["own_vectors"] == ramp(-3.0, 4, 6) and first["own_vectors_shape"] == (1, 2)
assert second["own_vectors"] == (0, 0) and second["incumbent"] == 1
assert second["excluded"] == (0, 3) and second["excluded_keys"] == (KEYS[0], 104)
assert second["history"] == (4, 4, 1) and second["history_keys"] == (105, 105, 102)
assert second["history_rewards"] == ramp(0.5, 3, 6)
assert click["kind"] == "RROUTCOM" and (click["decision"], click["reward"], click["time"]) == (70, 1.5, -4)
assert (click["terminated"], click["truncated"]) == (0, 1)
assert click["final"]["states"] == first["states"] and not click["final"]["has"] >> 16 & 1
assert (last["decision"], last["reward"], last["time"]) == (71, -0.25, 1000000000000)
assert (last["terminated"], last["truncated"], last["final"]) == (1, 0, None)
assert ending["kind"] == "RRENDING" and ending["session"] == 12345 and ending["truncated"] == 1

for at in range(0, len(data), 7):
    damaged = data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]
    try:
        list(reader["read"](damaged))
    except Exception:
        continue
    sys.exit(f"byte {at} was changed, and the reader did not notice")

# However long the log, no more than a blob of it is copied at a time.
long_log = data * 40
tracemalloc.start()
for _ in reader["read"](long_log):
    pass
peak = tracemalloc.get_traced_memory()[1]
assert peak < len(long_log) / 2, f"{peak} bytes at once to read {len(long_log)}"
print("read 5 blobs,", len(data), "bytes, by", shown.count("\n"), "lines of Python")
