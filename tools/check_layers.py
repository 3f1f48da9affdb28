#!/usr/bin/env python3
"""Fails when a folder under src/, or examples/, includes a folder it is not allowed to depend on.

Run from the repository root; CI runs it before the build. ALLOWED is the architecture:
each folder lists the folders it may include. Tests (*_test.cc) may include anything.
"""
import pathlib
import re
import sys

PORTS = {"storage", "pubsub", "events", "assets"}  # folders that hold an interface and its adapters
ALLOWED = {
    "base": set(),
    "ot": {"base"},
    "ot_tool": {"base", "ot"},
    "codec": {"base"},
    "client": {"base", "ot"},
    "document": {"base", "ot"} | PORTS,
    "checker": {"base", "ot", "document", "storage"},
    "checker_tool": {"base", "checker"},
    "runtime": {"base"},
    "storage": {"base", "ot"},
    "pubsub": {"base", "runtime", "codec"},
    "events": {"base", "runtime", "codec"},
    "assets": {"base", "runtime", "codec"},
    "auth": {"base", "codec", "runtime", "storage"},
    "telemetry": {"base", "runtime"},
    "gateway": {"base", "runtime", "codec"},
    "api": {"base", "codec", "ot", "runtime", "document", "auth", "telemetry", "gateway"} | PORTS,
    "loadtest": {"base", "runtime", "codec", "ot", "client", "checker"},
    "node": None,  # the composition root may see everything
    "examples": {"base", "runtime", "codec", "gateway"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_0-9]+)/([^"]+)"', re.M)


def main() -> int:
    errors = []
    for path in sorted([*pathlib.Path("src").rglob("*"), *pathlib.Path("examples").rglob("*")]):
        if path.suffix not in {".h", ".cc"} or path.stem.endswith("_test"):
            continue
        folder = path.parts[1] if path.parts[0] == "src" else path.parts[0]
        allowed = ALLOWED.get(folder, set())
        for target, rest in INCLUDE.findall(path.read_text()):
            if allowed is None or target == folder:
                continue
            if target not in allowed:
                errors.append(f"{path}: {folder}/ may not include {target}/{rest}")
            elif target in PORTS and "/" in rest and folder != target:
                errors.append(f"{path}: include the {target}/ interface, not the adapter {rest}")
    print("\n".join(errors) or "layers: ok")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
