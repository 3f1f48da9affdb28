#!/usr/bin/env python3
"""Which branches of src/document the simulation alone reaches: tools/simulation_coverage.py [SEEDS].

Builds cloudsync-sim with gcc's --coverage under build/coverage, runs SEEDS seeds (1000), and prints for
each source the lines and branches that ran, then the lines that never did. Branches that only a thrown
exception takes are left out: the sources throw none.
"""
import gzip
import json
import pathlib
import subprocess
import sys

BUILD = pathlib.Path("build/coverage")
OBJECTS = BUILD / "src/document/CMakeFiles/cloudsync_document.dir"
FOLDER = "src/document/"


def run(*command: str, quiet: bool = True) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL if quiet else None)


def build() -> None:
    run("cmake", "-S", ".", "-B", str(BUILD), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=",
        "-DCMAKE_CXX_FLAGS=--coverage -O1 -fprofile-abs-path")
    run("cmake", "--build", str(BUILD), "--target", "cloudsync_sim_main", quiet=False)


def sources() -> dict[str, dict[int, list[dict]]]:
    """By source and line, what gcov says of the line: once for each function that it is in."""
    lines: dict[str, dict[int, list[dict]]] = {}
    for data in sorted(OBJECTS.glob("*.gcda")):
        run("gcov", "--json-format", "--branch-probabilities", str(data))
        report = pathlib.Path(data.name.replace(".gcda", ".gcov.json.gz"))
        for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
            name = file["file"]
            if FOLDER in name and name.endswith(".cc"):
                of_file = lines.setdefault(name[name.index(FOLDER):], {})
                for line in file["lines"]:
                    of_file.setdefault(line["line_number"], []).append(line)
        report.unlink()
    return lines


def main() -> int:
    seeds = sys.argv[1] if len(sys.argv) > 1 else "1000"
    build()
    for stale in BUILD.rglob("*.gcda"):
        stale.unlink()
    run(str(BUILD / "cloudsync-sim"), "--seeds", seeds, quiet=False)
    total = [0, 0, 0, 0]
    missed: list[str] = []
    for name, lines in sorted(sources().items()):
        text = pathlib.Path(name).read_text().splitlines()
        ran = {number: sum(one["count"] for one in of_line) for number, of_line in lines.items()}
        branches = [branch["count"] for of_line in lines.values() for one in of_line
                    for branch in one["branches"] if not branch["throw"]]
        counts = [sum(1 for count in ran.values() if count), len(ran),
                  sum(1 for count in branches if count), len(branches)]
        total = [a + b for a, b in zip(total, counts)]
        print(f"{name:42} lines {counts[0]:4}/{counts[1]:<4} branches {counts[2]:4}/{counts[3]:<4}")
        missed += [f"{name}:{number}: {text[number - 1].strip()}"
                   for number, count in sorted(ran.items()) if not count]
    print(f"{'all':42} lines {100 * total[0] / total[1]:.1f} %  branches {100 * total[2] / total[3]:.1f} %")
    print("never ran:", *missed, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
