"""Runs clients over the same command lines on engines of one kind and tells where they differ."""
import itertools
import os
import re
import shlex
import subprocess
import time

# What names the client, the engine's place, the moment or an object, not the behaviour.
RULES = [
    (r"/tmp/hull-it-docker-\w+", "<engine>"),
    (r"\b[0-9a-f]{64}\b", "<id>"),
    (r"\b[0-9a-f]{12}\b", "<short>"),
    (r"\bx-(docker|hull)-", "x-"),
    (r"(?<![\w/.])(docker|hull)(?= |:|')", "client"),
    (r"\b(About a minute|About an hour|Less than a second|\d+ (second|minute|hour)s?)( ago)?", "<time>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} [A-Z]+|Z|[+-]\d\d:\d\d)?", "<moment>"),
    (r" +", " "),
    (r'"Pid": ?\d+', '"Pid":0'),
    (r"SRun '", "Run '"),  # docker 28's slip
    (r"\nexit status 1\n$", "\n"),  # another, of network rm
    # Debian's docker is built with an older library for ports than docker's own.
    (r"\bInvalid (?=hostPort|containerPort|proto|ranges|range specified)", "invalid "),
    (r"\bInvalid ip address:? (\S+?)(: address \S+ too many colons in address)?(?=\s)", r"invalid IP address: \1"),
    (r"specified for the Port", "specified for port"),
]


def normal(text: str) -> str:
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return text


class Client:
    """One command line client on an engine."""

    def __init__(self, program: str, name: str, host: str, config: str):
        self.program, self.name, self.host, self.config = program, name, host, config

    def run(self, line: str, stdin: bytes = b"", seconds: float = 120):
        """(stdout, stderr, exit status); @ in the line stands for a prefix of the client's own."""
        return self.run_words(shlex.split(line.replace("@", f"x-{self.name}-")), stdin, seconds)

    def run_words(self, words, stdin: bytes = b"", seconds: float = 120):
        environment = {**os.environ, "DOCKER_HOST": self.host, "DOCKER_CONFIG": self.config, "FROM_CLIENT": "yes"}
        for variable in ("HULL_HOST", "DOCKER_CONTEXT"):
            environment.pop(variable, None)
        done = subprocess.run([self.program, *words], input=stdin, capture_output=True, timeout=seconds, env=environment)
        out, err = (text.decode(errors="replace").replace(self.config, "<config>") for text in (done.stdout, done.stderr))
        return out, err, done.returncode


def usage_only(text: str) -> str:
    """Without the flags' descriptions, which are in our own words."""
    return "\n".join(line for line in text.splitlines() if line.startswith(("Usage:", "Aliases:", "  client", "  x")))


def comparable(line: str, result):
    """What has to be the same: of help only its shape."""
    out, err, status = result
    if line.startswith("help") or "help" in line.split()[-1]:
        return [usage_only(normal(out)), usage_only(normal(err)) or normal(err), status]
    return [normal(out), normal(err), status]


def difference(mine, other) -> str:
    """Of two comparable results; empty where both did the same."""
    return "\n".join(f"{part}\n  docker: {theirs!r}\n  hull:   {ours!r}"
                     for part, ours, theirs in zip(("stdout", "stderr", "status"), mine, other) if ours != theirs)


def scenarios(path):
    """Blocks of command lines; an empty line starts the next block. `< text` before a line is its standard input."""
    blocks, block, stdin = [], [], b""
    for line in itertools.chain(open(path), ["\n"]):
        line = line.rstrip("\n")
        if line.startswith("#"):
            continue
        if not line.strip():
            if block:
                blocks.append(block)
            block = []
        elif line.startswith("< "):
            stdin = line[2:].encode().decode("unicode_escape").encode()
        else:
            block.append((line, stdin))
            stdin = b""
    return blocks


def play(client: Client, block, expected=None):
    """[line, standard input, comparable result] of each. What a container writes comes when it comes: where the result is
    known, a log is looked at until it is that, for some seconds."""
    played = []
    for number, (line, stdin) in enumerate(block):
        result = comparable(line, client.run(line, stdin))
        deadline = time.monotonic() + 10
        while expected and line.startswith("logs ") and result != expected[number] and time.monotonic() < deadline:
            result = comparable(line, client.run(line, stdin))
        played.append([line, stdin.decode(), result])
    return played
