"""Calibration cost and memory on MiniLM: Tare beside ONNX Runtime's calibrators and NNCF.

Usage, from the repository's root, on Linux, with a Python of requirements-peers.txt, after
  mvn -q -B -pl jobs -am test-compile dependency:build-classpath \\
      -Dmdep.outputFile=target/classpath -Dmdep.includeScope=test
  calibration_cost.py [--samples 64,256,1024] [--tare-samples 4096] [--tools NAMES] [--threads 2]
                      [--heap 512m] [--limit-gb 18]

Every figure comes from a fresh process, on the same samples: WordNet's definitions joined to 128
tokens. Prints progress, then a Markdown table; raw figures go to
jobs/target/calibration-cost/results.json.

What is timed, after a warm-up of one batch (Tare: one for each thread):
  onnxruntime-plain    the model in one session of all threads, batches of 8
  onnxruntime-minmax   calibration: collect_data and compute_data as quantize_static calls them;
  onnxruntime-entropy  whole: also create_calibrator (shape inference, the model that exposes more)
  nncf                 calibration: StatisticsAggregator.collect_statistics, each time that
                       nncf.quantize(model_type=TRANSFORMER) calls it; whole: all of nncf.quantize,
                       with SmoothQuant, bias correction and the quantized model
  tare-plain           the model, one runner of one thread for each thread, batches of 8
  tare                 calibration: the Spark stage that runs and counts; whole: tare calibrate in
                       an open session, up to the statistics on disk
NNCF takes batches of 1, as it asks for; all others 8. Start-up, imports and tokenizing are never
timed. Memory is the peak resident set of the whole process, start to end: of the JVM with Spark
for Tare, whose heap --heap limits. A process above --limit-gb, or one that leaves the machine less
than 1 GB, is ended and the table says so.

NumPy is 1.26 because under NumPy 2 ONNX Runtime's Entropy fails on this model: its histogram of the
mask's constant, -3.4e38, has no finite bins ("Too many bins for data range").
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[4]
TARGET = ROOT / "jobs" / "target"
MODEL = TARGET / "assets" / "all-minilm-l6-v2.onnx"
FOLDER = TARGET / "calibration-cost"
TOKENS = 128
BATCH = 8
NNCF_BATCH = 1
OURS = ["tare-plain", "tare"]
TOOLS = ["onnxruntime-plain", "onnxruntime-minmax", "onnxruntime-entropy", "nncf", *OURS]
LEFT_FREE = 10**9


def batches(samples, size):
    """Inputs of the model, in batches."""
    import numpy as np

    ids = np.fromfile(FOLDER / "tokens.bin", dtype="<i8", count=samples * TOKENS)
    ids = ids.reshape(samples, TOKENS)
    for first in range(0, samples, size):
        batch = ids[first : first + size]
        yield {
            "input_ids": batch,
            "attention_mask": np.ones_like(batch),
            "token_type_ids": np.zeros_like(batch),
        }


def limit_threads(threads):
    """Sessions that others open get the number of threads; all their other options stay."""
    import onnxruntime

    options = onnxruntime.SessionOptions

    def limited():
        made = options()
        made.intra_op_num_threads = threads
        return made

    onnxruntime.SessionOptions = limited


def plain(samples):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        MODEL, onnxruntime.SessionOptions(), providers=["CPUExecutionProvider"]
    )
    inputs = list(batches(samples, BATCH))
    session.run(None, inputs[0])
    start = time.perf_counter()
    for batch in inputs:
        session.run(None, batch)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "whole": seconds}


def onnxruntime_calibration(samples, method):
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.batches = batches(samples, BATCH)

        def get_next(self):
            return next(self.batches, None)

    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        start = time.perf_counter()
        # The operators and the options that quantize_static passes by default.
        calibrator = create_calibrator(
            MODEL,
            list({*QLinearOpsRegistry, *QDQRegistry}),
            augmented_model_path=str(pathlib.Path(folder, "augmented.onnx")),
            calibrate_method=CalibrationMethod[method],
            use_external_data_format=False,
            providers=None,
            extra_options={},
        )
        setup = time.perf_counter() - start
        calibrator.infer_session.run(None, next(batches(samples, BATCH)))
        start = time.perf_counter()
        calibrator.collect_data(Reader())
        ranges = calibrator.compute_data()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "whole": seconds + setup, "tensors": len(ranges.data)}


def nncf_quantization(samples):
    import nncf
    import onnx
    import onnxruntime
    from nncf.onnx.statistics.aggregator import ONNXStatisticsAggregator

    collecting = []
    collect = ONNXStatisticsAggregator.collect_statistics

    def timed(self, model, graph):
        start = time.perf_counter()
        collect(self, model, graph)
        collecting.append(time.perf_counter() - start)

    ONNXStatisticsAggregator.collect_statistics = timed
    model = onnx.load(MODEL)
    inputs = list(batches(samples, NNCF_BATCH))
    warm = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    warm.run(None, inputs[0])
    del warm
    start = time.perf_counter()
    nncf.quantize(
        model, nncf.Dataset(inputs), subset_size=samples, model_type=nncf.ModelType.TRANSFORMER
    )
    whole = time.perf_counter() - start
    return {"seconds": sum(collecting), "whole": whole, "passes": collecting}


def peak_mb():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 // 10**6
    raise RuntimeError("/proc/self/status has no VmHWM")


def child(tool, samples, threads):
    """One measurement of a Python tool, in this process; prints a line of JSON."""
    limit_threads(threads)
    if tool == "onnxruntime-plain":
        result = plain(samples)
    elif tool == "nncf":
        result = nncf_quantization(samples)
    else:
        method = {"onnxruntime-minmax": "MinMax", "onnxruntime-entropy": "Entropy"}[tool]
        result = onnxruntime_calibration(samples, method)
    result["peak-mb"] = peak_mb()
    print("\n" + json.dumps(result))


def java(arguments, heap):
    classpath = TARGET / "classpath"
    if not classpath.exists() or not (TARGET / "test-classes").exists():
        sys.exit("jobs is not built: run the Maven command that this script's head names")
    project = xml.etree.ElementTree.parse(ROOT / "pom.xml").getroot()
    options = project.find("{*}properties/{*}spark.module.options").text.split()
    places = [TARGET / "test-classes", TARGET / "classes", classpath.read_text().strip()]
    return [
        "java",
        f"-Xmx{heap}",
        *options,
        f"-Dtare.assets={MODEL.parent}",
        f"-Dlog4j2.configurationFile=file:{ROOT / 'conf' / 'log4j2.properties'}",
        "-cp",
        os.pathsep.join(map(str, places)),
        "dev.tare.jobs.calibrate.CalibrationCost",
        str(FOLDER),
        *arguments,
    ]


def command(tool, samples, options):
    if tool in OURS:
        what = "tare" if tool == "tare" else "plain"
        return java([what, str(samples), str(options.threads)], options.heap)
    own = [sys.executable, __file__, "--child", tool, "--samples", str(samples)]
    return [*own, "--threads", str(options.threads)]


def environment(threads):
    kept = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1", OPT_OUT_TRACKING="true")
    # Neither ONNX Runtime nor NNCF shall call home.
    kept.update(ORT_DISABLE_TELEMETRY="1", NNCF_CI="1")
    kept.update(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    return kept


def resident(pid):
    """Resident memory of a process and the memory that the machine still has, in bytes."""
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError, IndexError):
        pages = 0
    left = 0
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            left = int(line.split()[1]) * 1024
    return pages * os.sysconf("SC_PAGE_SIZE"), left


def measure(tool, samples, options):
    """Runs one child under watch; what it printed, or why it has no figures."""
    log = FOLDER / f"{tool}-{samples}.log"
    with open(log, "w") as err, tempfile.TemporaryFile("w+") as out:
        running = subprocess.Popen(
            command(tool, samples, options),
            stdout=out,
            stderr=err,
            env=environment(options.threads),
            start_new_session=True,
        )
        try:
            while running.poll() is None:
                used, left = resident(running.pid)
                if used > options.limit_gb * 10**9 or left < LEFT_FREE:
                    os.killpg(running.pid, signal.SIGKILL)
                    running.wait()
                    return {"over-gb": min(options.limit_gb, int(used / 10**9))}
                time.sleep(0.1)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
        out.seek(0)
        lines = [line for line in out.read().splitlines() if line.startswith("{")]
    if running.returncode or not lines:
        return {"failed": f"exit code {running.returncode}, see {log.relative_to(ROOT)}"}
    return json.loads(lines[-1])


def table(results):
    """Markdown whose columns line up."""
    plains = {(r["tool"], r["samples"]): r.get("seconds") for r in results}
    head = ["tool", "samples", "calibration, s", "over plain", "whole, s", "over plain", "peak MB"]
    rows = [head]
    for r in sorted(results, key=lambda r: (TOOLS.index(r["tool"]), r["samples"])):
        row = [r["tool"], f"{r['samples']:,}"]
        plain_tool = "tare-plain" if r["tool"] in OURS else "onnxruntime-plain"
        base = plains.get((plain_tool, r["samples"]))
        if "seconds" in r:
            for seconds in (r["seconds"], r["whole"]):
                row += [f"{seconds:.2f}", f"{seconds / base:.2f}" if base else ""]
            row.append(f"{r['peak-mb']:,}")
        elif "over-gb" in r:
            row += ["", "", "", "", f"over {r['over-gb']} GB"]
        else:
            row += ["failed", "", "", "", ""]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
    ruler = ["-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    lines.insert(1, "| " + " | ".join(ruler) + " |")
    return "\n".join(lines)


def numbers(text):
    return [int(number) for number in text.split(",") if int(number)]


def main():
    parser = argparse.ArgumentParser(description="Calibration cost and memory on MiniLM")
    parser.add_argument("--samples", type=numbers, default=[64, 256, 1024])
    parser.add_argument("--tare-samples", type=numbers, default=[4096], help="for Tare alone")
    parser.add_argument("--tools", type=lambda text: text.split(","), default=TOOLS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--heap", default="512m", help="Tare's -Xmx")
    parser.add_argument("--limit-gb", type=int, default=18)
    parser.add_argument("--child", choices=TOOLS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.samples[0], options.threads)
        return
    unknown = set(options.tools) - set(TOOLS)
    if unknown:
        parser.error(f"unknown tools {sorted(unknown)}; there are {', '.join(TOOLS)}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    work = [(t, n) for n in options.samples for t in options.tools]
    work += [(t, n) for n in options.tare_samples for t in options.tools if t in OURS]
    begin = time.monotonic()
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, load {load:.1f}, {len(work)} measurements", flush=True)
    counts = ",".join(map(str, sorted({n for _, n in work})))
    with open(FOLDER / "tokens.log", "w") as log:
        making = java(["tokens", counts, str(options.threads)], options.heap)
        subprocess.run(making, check=True, stdout=log, stderr=log, env=environment(options.threads))
    results = []
    for i, (tool, samples) in enumerate(work):
        load = os.getloadavg()[0]
        result = {"tool": tool, "samples": samples, "load": load, **measure(tool, samples, options)}
        results.append(result)
        elapsed = time.monotonic() - begin
        said = [f"[{i + 1}/{len(work)}, {elapsed:.0f} s] {tool}, {samples} samples"]
        for key in set(result) - {"tool", "samples", "passes"}:
            value = result[key]
            said.append(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}")
        print(said[0] + ": " + ", ".join(sorted(said[1:])), flush=True)
        raw = {"threads": options.threads, "heap": options.heap, "results": results}
        (FOLDER / "results.json").write_text(json.dumps(raw, indent=1))
    print("\n" + table(results))
    if any("failed" in r for r in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
