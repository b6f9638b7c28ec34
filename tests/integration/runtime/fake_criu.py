#!/usr/bin/python3
"""Speaks criu's RPC protocol as `criu swrk 3`: notes each request in $FAKE_CRIU_LOG and answers as $FAKE_CRIU says:
"version" (as 4.2.1 or this number), "fail" (errno for anything but a version), "features", "hang" (no answer)."""
import json
import os
import socket
import sys


def varint(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def fields(message: bytes) -> list:
    """[(field, number or bytes)]"""
    found, at = [], 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = read()
        value = read()
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        found.append((key >> 3, value))
    return found


NESTED = {11, 23, 25, 27, 39}  # page server, mounts, cgroups, inherited descriptors, namespaces to join


def readable(message: bytes) -> list:
    return [[field, readable(value) if field in NESTED else value.decode() if isinstance(value, bytes) else value]
            for field, value in fields(message)]


def main() -> None:
    assert sys.argv[1:] == ["swrk", "3"], sys.argv
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=3)
    told = json.loads(os.environ.get("FAKE_CRIU", "{}"))
    request = dict(fields(wire.recv(1 << 16)))
    kind = request[1]
    with open(os.environ["FAKE_CRIU_LOG"], "a") as log:
        note = {"type": kind, "options": readable(request[2]) if 2 in request else []}
        log.write(json.dumps(note) + "\n")
    if kind == 10:
        major, minor, patch = told.get("version", [4, 2, 1])
        wire.send(number(1, 10) + number(2, 1) + text(10, number(1, major) + number(2, minor) + number(4, patch)))
    elif "hang" in told:
        wire.recv(1)  # until the other side is gone
    elif "fail" in told:
        wire.send(number(1, kind) + number(2, 0) + number(7, told["fail"]))
    elif kind == 9:
        wire.send(number(1, 9) + number(2, 1) + text(8, number(1, told.get("features", 1)) + number(2, 1)))
    else:
        wire.send(number(1, 6) + number(2, 1) + text(5, text(1, b"pre-dump")))
        assert dict(fields(wire.recv(1 << 16))) == {1: 6, 3: 1}
        wire.send(number(1, kind) + number(2, 1))


main()
