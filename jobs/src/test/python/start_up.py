"""Where a tiny run of deploy/tare spends its seconds, as a Markdown table.

Usage, from the repository's root, on Linux, after mvn -q package -DskipTests:
  python3 jobs/src/test/python/start_up.py [--runs 5]

The run is `tare run` of two MatMuls over 64 rows. Each phase ends with a line that the run writes:
in its log, or on its error stream. Seconds and processor seconds of a phase are medians over the
runs, of all processes that the launcher started; processor seconds are user and system together.
Variants are run in turn. Needs no package beside Python itself.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[4]
TICKS = os.sysconf("SC_CLK_TCK")
C1 = "-XX:TieredStopAtLevel=1"

# What ends a phase: a text of the log or of the error stream.
PHASES = [
    ("launcher, JVM, arguments, early checks", "log", "Running Spark version"),
    ("Spark's context", "log", "Registered BlockManager BlockManagerId(driver"),
    ("session, model, data's schema", "log", "Got job 0 "),
    ("rows read and checked", "log", " at Probe.java"),
    ("calibrate, from its first batch on", "err", "[2/4]"),
    ("select", "err", "[3/4]"),
    ("quantize", "err", "[4/4]"),
]
LAST = "evaluate, publish, end"
FIRST_BATCH = 4

VARIANTS = [
    ("as it is", {}),
    ("no class archive", {"TARE_CLASS_ARCHIVE": "off"}),
    ("C1 alone", {"SPARK_SUBMIT_OPTS": C1}),
]


def field(number, value):
    """A field of Protocol Buffers: an integer, or bytes with their length."""

    def varint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def value_info(name, width):
    dims = field(1, field(2, "batch")) + field(1, field(1, width))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def model(width=32):
    """Two MatMuls as an ONNX model of opset 13."""
    chance = random.Random(1)
    graph = b""
    for source, weight, result in [("x", "w1", "h"), ("h", "w2", "y")]:
        node = field(1, source) + field(1, weight) + field(2, result) + field(3, weight)
        graph += field(1, node + field(4, "MatMul"))
    graph += field(2, "two")
    for weight in ["w1", "w2"]:
        floats = struct.pack(f"<{width * width}f", *(chance.gauss(0, 1) for _ in range(width**2)))
        dims = field(1, width) * 2
        graph += field(5, dims + field(2, 1) + field(8, weight) + field(9, floats))
    graph += field(11, value_info("x", width)) + field(12, value_info("y", width))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def processor_ticks(root, seen):
    """Of a process and all below it; of those that have ended, what was seen last."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = pathlib.Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            words = text[text.rindex(")") + 2 :].split()
            parents[int(entry)] = (int(words[1]), int(words[11]) + int(words[12]))
    for process in parents:
        above = process
        while above in parents and above != root:
            above = parents[above][0]
        if above == root:
            seen[process] = parents[process][1]
    return sum(seen.values())


def run(folder, variant):
    """Seconds and processor seconds since the start, at the end of each phase."""
    work = pathlib.Path(tempfile.mkdtemp(dir=folder))
    logs = work / "logs"
    command = [ROOT / "deploy" / "tare", "run", "--model", folder / "model.onnx"]
    command += ["--data", folder / "rows.jsonl", "--recipe", "int8", "--min-cosine", "0"]
    command += ["--output", work / "run"]
    environment = {**os.environ, "TARE_LOG_DIR": str(logs), **variant}
    environment.pop("SPARK_HOME", None)
    error = work / "err"
    marks = []
    seen = {}
    begin = time.monotonic()
    with open(error, "w") as err, open(work / "out", "w") as out:
        process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=err, env=environment)
        ended = False
        while not ended:
            ended = process.poll() is not None
            ticks = processor_ticks(process.pid, seen)
            log = "".join(f.read_text(errors="replace") for f in logs.glob("*.log"))
            said = {"log": log, "err": error.read_text()}
            while len(marks) < len(PHASES) and PHASES[len(marks)][2] in said[PHASES[len(marks)][1]]:
                marks.append((time.monotonic() - begin, ticks / TICKS))
            time.sleep(0.02)
    if process.returncode or len(marks) < len(PHASES):
        raise SystemExit(f"exit code {process.returncode}, {len(marks)} phases: {said['err']}")
    marks.append((time.monotonic() - begin, ticks / TICKS))
    shutil.rmtree(work)
    return marks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        (folder / "model.onnx").write_bytes(model())
        chance = random.Random(2)
        rows = ('{"x": %s}\n' % [chance.gauss(0, 1) for _ in range(32)] for _ in range(64))
        (folder / "rows.jsonl").write_text("".join(rows))
        # Makes the class archive, and brings files into memory.
        run(folder, {})
        all_marks = {name: [] for name, _ in VARIANTS}
        for _ in range(runs):
            for name, variant in VARIANTS:
                all_marks[name].append(run(folder, variant))
    titles = [title for title, _, _ in PHASES] + [LAST]
    print("| phase | " + " | ".join(f"{name}, s | CPU s" for name, _ in VARIANTS) + " |")
    print("|---|" + "---:|---:|" * len(VARIANTS))

    def line(title, first, last):
        cells = []
        for name, _ in VARIANTS:
            for kind in (0, 1):
                spent = [
                    marks[last][kind] - (marks[first - 1][kind] if first else 0)
                    for marks in all_marks[name]
                ]
                cells.append(f"{statistics.median(spent):.1f}")
        print(f"| {title} | " + " | ".join(cells) + " |")

    for i, title in enumerate(titles):
        line(title, i, i)
    line("**before the first batch**", 0, FIRST_BATCH - 1)
    line("**in all**", 0, len(titles) - 1)


if __name__ == "__main__":
    main()
