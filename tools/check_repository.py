#!/usr/bin/env python3
"""Repository hygiene as a test: what a stranger's clone would trip over. Run from the root."""
import pathlib
import re
import subprocess
import sys

LINES_MAX = 600
BYTES_MAX = 512 * 1024
GENERATED = re.compile(r"package-lock\.json$|/corpus/|^tests/conformance/vectors/|^bench/results/")


def tracked_files() -> list[str]:
    output = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout
    return [name for name in output.decode().split("\0") if name and pathlib.Path(name).exists()]


def check_text(name: str, text: str) -> list[str]:
    problems = []
    if GENERATED.search(name):
        if name.endswith("package-lock.json") and '"resolved"' in text:
            problems.append(f"{name}: names a registry; write it with omit-lockfile-registry-resolved")
        return problems
    if text and not text.endswith("\n"):
        problems.append(f"{name}: no newline at the end")
    if name.endswith((".cc", ".h")):
        if text.count("\n") > LINES_MAX:
            problems.append(f"{name}: over {LINES_MAX} lines; is this one concept?")
        if "\t" in text:
            problems.append(f"{name}: has a tab")
        if name.endswith(".h") and "#pragma once" not in text:
            problems.append(f"{name}: no #pragma once")
    if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", text) and not name.startswith("tools/check"):
        problems.append(f"{name}: a TODO without an issue number")
    return problems


def check_named_tests() -> list[str]:
    """Each `file` "words of a test" of docs/conformance.md is there."""
    files: dict[str, str] = {}
    for name in tracked_files():
        if name.endswith((".mjs", "_test.cc", ".test.ts")):
            base = name.rsplit("/", 1)[-1]
            files[base] = files.get(base, "") + pathlib.Path(name).read_text()
    text = pathlib.Path("docs/conformance.md").read_text()
    problems = []
    for base, words in re.findall(r'`([\w.]+(?:\.mjs|_test\.cc|\.test\.ts))`((?:\s+"[^"]+")+)', text):
        for wanted in re.findall(r'"([^"]+)"', words):
            if wanted not in files.get(base, ""):
                problems.append(f"docs/conformance.md: {base} has no test \"{wanted}\"")
    return problems


def check_packages() -> list[str]:
    script = pathlib.Path("tools/install_packages.sh").read_text()
    packages = re.findall(r"_packages=\(([^)]*)\)", script)
    readme = pathlib.Path("README.md").read_text()
    names = {name for group in packages for name in group.split()} | {"nodejs", "npm"}
    return [f"README.md: no row for the package {name}" for name in sorted(names)
            if f"`{name}`" not in readme]


def main() -> int:
    problems = []
    for name in tracked_files():
        data = pathlib.Path(name).read_bytes()
        if len(data) > BYTES_MAX:
            problems.append(f"{name}: {len(data) // 1024} KiB; does it belong in a source repository?")
        try:
            problems += check_text(name, data.decode())
        except UnicodeDecodeError:
            continue  # binary: a fuzz corpus or a picture
    problems += check_packages()
    problems += check_named_tests()
    print("\n".join(problems) or "repository: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
