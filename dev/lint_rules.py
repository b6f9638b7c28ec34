#!/usr/bin/env python3
"""The house's rules that a machine can check: who may include whom, sizes, forbidden names, folders' READMEs."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"

# Folder -> what it may include besides itself and base (docs/architecture.md). Longest prefix wins.
MAY_INCLUDE = {
    "base": [],
    "spec": [],
    "linux": [],
    "ipc": [],
    "archive": ["spec"],
    "runtime": ["spec", "linux"],
    "shim": ["spec", "linux", "ipc"],
    "supervisor": ["spec", "linux", "ipc", "archive", "registry/client"],
    "registry": ["spec", "ipc"],
    "network": ["linux", "api/network"],  # decision 003
    "build": ["spec", "ipc", "archive", "registry/client"],
    "swarm": ["spec", "ipc", "api"],
    "api": ["spec", "ipc"],
    "engine": ["spec", "linux", "ipc", "archive", "registry", "network", "build", "swarm", "api"],
    "cli": ["spec", "ipc", "api", "registry/client"],
    "programs": ["spec", "linux", "ipc", "archive", "runtime", "shim", "supervisor", "registry", "network", "build",
                 "swarm", "api", "engine", "cli"],
}
# Only these folders know the protocols they translate.
ONLY_ROUTES_KNOW_HTTP = re.compile(r'#include "ipc/http/')
HTTP_MAY = ("ipc/http", "engine/routes", "api/client", "cli", "programs", "engine/exec", "engine/stdio", "registry")

FORBIDDEN = [
    (re.compile(r"#include <(iostream|regex|fstream|sstream|iomanip)>"), "streams and std::regex are not used"),
    (re.compile(r"\bstd::(cout|cerr|endl|regex)\b"), "streams and std::regex are not used"),
    (re.compile(r"\b(std::system|popen|::system)\("), "no process is started through a shell"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "a TODO needs an issue instead"),
    (re.compile(r"\bsleep_for\(|\busleep\(|[^_\w.]sleep\("), "nothing polls: wait for the event"),
    (re.compile(r"#include <filesystem>"), "std::filesystem throws; use base/files.h and sys::"),
]
NSS = re.compile(r"\b(getpwnam|getpwuid|getgrnam|getgrgid|getaddrinfo|gethostbyname)(_r)?\(")
STATIC_FOLDERS = ("base/", "spec/", "linux/", "runtime/", "shim/", "ipc/ttrpc/")

MAX_FILE = 600
MAX_FUNCTION = 80

def sources():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "src"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return [ROOT / line for line in out.splitlines() if line.endswith((".h", ".cpp")) and (ROOT / line).exists()]

def allowed(folder):
    best = max((name for name in MAY_INCLUDE if folder == name or folder.startswith(name + "/")), key=len, default=None)
    return MAY_INCLUDE.get(best)

def check_includes(path, relative, text, problems):
    folder = relative.split("/")[0]
    may = allowed(relative)
    if may is None:
        problems.append(f"{relative}: folder {folder} is not in docs/architecture.md's table")
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'#include "([^"]+)"', line)
        if not match:
            continue
        target = match.group(1)
        if "/" not in target:
            problems.append(f"{relative}:{number}: include {target} by its full path")
            continue
        top = target.split("/")[0]
        if top in (folder, "base") or target.endswith(".pb.h"):
            continue
        if not any(target == name or target.startswith(name + "/") for name in may):
            problems.append(f"{relative}:{number}: {folder} may not include {target}")
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append(f"{relative}: no #pragma once")


def check_sizes(relative, text, problems):
    lines = text.splitlines()
    if len(lines) > MAX_FILE and "lint: table" not in text:
        problems.append(f"{relative}: {len(lines)} lines; a file is one idea (at most {MAX_FILE})")
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.endswith("{") and "(" in line and not line.startswith((" ", "namespace", "struct", "class", "enum", "constexpr", "#")):
            start = number
        elif start is not None and line == "}":
            if number - start > MAX_FUNCTION and not relative.endswith("_test.cpp"):
                problems.append(f"{relative}:{start}: a function of {number - start} lines (at most {MAX_FUNCTION})")
            start = None

def check_words(relative, text, problems):
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        for pattern, why in FORBIDDEN:
            subject = line if "TODO" in pattern.pattern else code
            if pattern.search(subject) and "lint: allow" not in line:
                problems.append(f"{relative}:{number}: {why}")
        if relative.startswith(STATIC_FOLDERS) and NSS.search(code):
            problems.append(f"{relative}:{number}: NSS calls do not work in static programs")

def check_braces(relative, text, problems):
    """Where a member's initializer returns, GCC does not destroy the members before it: what they own leaks."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    code = re.sub(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', blank, text)
    open_brackets = []
    for at, char in enumerate(code):
        if char in "({[":
            open_brackets.append(at)
        elif char in ")}]" and open_brackets:
            open_brackets.pop()
        elif char == "T" and re.match(r"TRY\(", code[at:at + 4]) and not re.match(r"\w", code[at - 1]):
            brace = next((b for b in reversed(open_brackets) if code[b] == "{"), None)
            before = code[brace + 1:at] if brace is not None else ";"
            # A block of statements, of a function or a lambda.
            if ";" in before or re.search(r"(\)|\b(else|do|const|mutable|override|try)|->\s*[\w:<>,\s]+)\s*$", code[max(0, brace - 80):brace]):
                continue
            depth = commas = 0
            for each in before:
                depth += (each in "({[") - (each in ")}]")
                commas += each == "," and depth == 0
            if commas:
                number = code.count("\n", 0, at) + 1
                problems.append(f"{relative}:{number}: TRY after the first element of a braced list leaks that one")

def check_readmes(problems):
    for folder in sorted(p for p in SOURCE.iterdir() if p.is_dir()):
        if not (folder / "README.md").exists() and not any((sub / "README.md").exists() for sub in folder.iterdir() if sub.is_dir()):
            problems.append(f"src/{folder.name}: no README.md")

def main():
    problems = []
    for path in sources():
        relative = str(path.relative_to(SOURCE))
        text = path.read_text(encoding="utf-8")
        check_includes(path, relative, text, problems)
        check_sizes(relative, text, problems)
        check_words(relative, text, problems)
        check_braces(relative, text, problems)
        if ONLY_ROUTES_KNOW_HTTP.search(text) and not relative.startswith(HTTP_MAY):
            problems.append(f"{relative}: only routes and clients know HTTP")
    check_readmes(problems)
    for problem in problems:
        print(problem)
    print(f"lint: {len(problems)} problems" if problems else "lint: clean")
    return 1 if problems else 0

if __name__ == "__main__":
    sys.exit(main())
