# SPDX-License-Identifier: MIT
"""Reads a run's event files and compares them with its log.csv, cell by cell.

    python3 tests/drivers/read_events.py runs/NAME            with a reader of its own
    python3 tests/drivers/read_events.py runs/NAME --package  with the tensorboard package
    python3 tests/drivers/read_events.py runs/NAME --rising   …and no step comes twice, in any file
"""
import csv
import math
import pathlib
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def fields(data):
    """(number, value) of a protocol buffer; value is an int, or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = varint()
        kind = tag & 7
        if kind == 0:
            yield tag >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(kind) or varint()
            yield tag >> 3, data[at:at + size]
            at += size


def own_reader(folder, is_rising=False):
    scalars = {}
    last = 0
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (size,), (check,) = struct.unpack_from("<Q", data, at), struct.unpack_from("<I", data, at + 8)
            message = data[at + 12:at + 12 + size]
            (end,) = struct.unpack_from("<I", data, at + 12 + size)
            assert check == crc32c(data[at:at + 8]) and end == crc32c(message), f"{path}: checksum at {at}"
            event = dict(fields(message))
            starts = dict(fields(event.get(7, b""))).get(1) == 1
            assert not is_rising or event.get(2, 0) > last or (starts and event[2] == last + 1) or 3 in event, \
                f"{path}: step {event.get(2)} behind {last}"
            if 5 in event:
                last = event[2]
            for _, value in fields(event.get(5, b"")):
                parts = dict(fields(value))
                scalars[parts[1].decode(), event[2]] = struct.unpack("<f", parts[2])[0]
            at += 16 + size
    return scalars


def package_reader(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {(tag, event.step): event.value
            for tag in accumulator.Tags()["scalars"] for event in accumulator.Scalars(tag)}


def main():
    folder = pathlib.Path(sys.argv[1])
    scalars = package_reader(folder) if "--package" in sys.argv else own_reader(folder, "--rising" in sys.argv)
    by_name = {(tag.split("/")[1], step): value for (tag, step), value in scalars.items()}
    n_compared = 0
    with open(folder / "log.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, cell in row.items():
                if name in ("n_updates", "n_timesteps"):
                    continue
                seen = by_name.pop((name, int(row["n_timesteps"])), None)
                if math.isnan(float(cell)):
                    assert seen is None, f"{name} is nan in the log and {seen} in the events"
                else:
                    assert seen is not None and math.isclose(seen, float(cell), rel_tol=1e-6, abs_tol=1e-30), \
                        f"{name} at {row['n_timesteps']}: {seen} in the events, {cell} in the log"
                    n_compared += 1
    assert n_compared > 0 and not by_name, f"{n_compared} compared; left over: {list(by_name)[:3]}"


if __name__ == "__main__":
    main()
