"""Calibration cost and memory of a .tflite model: Tare beside AI Edge Quantizer, on the same pictures.

Usage, from the repository's root, on Linux, after mvn -q package -DskipTests:
  lite_calibration_cost.py MODEL PICTURES [--samples 64,512] [--rounds 3]

with a Python of requirements-ai-edge-quantizer.txt. PICTURES is a folder of PNG files of the size of the
model's input; values are divided by 255. deploy/tare demo --tflite --samples 512 fetches a model and draws such
pictures, below tare-demo/tflite. Every figure comes from a fresh process on one thread, which also starts and
decodes its pictures; the middle of the rounds is printed, as a Markdown table.

  plain   the interpreter of ai_edge_litert: set_tensor, invoke, get_tensor of the outputs
  aeq     Quantizer.calibrate of AI Edge Quantizer, with its recipe for int8: two numbers a tensor
  tare    deploy/tare calibrate on local[1]: histograms of tensors and channels, as Parquet

Processor seconds are user and system time of the process and of what it started, so that a busy machine
changes them little. A further picture is the difference between the largest and the smallest number of
samples, divided by how many more there are: what start and compilation cost is not in it. Memory is the peak
resident set: for Tare that of a JVM with Spark, driver and executor, and a heap of 512 MB.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[4]
TOOLS = ["plain", "aeq", "tare"]


class Pictures:
    """Inputs of the model, decoded one by one, so that they take no memory."""

    def __init__(self, folder, name=None):
        self.files = sorted(pathlib.Path(folder).glob("*.png"))
        self.name = name

    def __len__(self):
        return len(self.files)

    def __iter__(self):
        import numpy as np
        from PIL import Image

        for file in self.files:
            values = np.asarray(Image.open(file).convert("RGB"), np.float32)[None] / 255
            yield {self.name: values} if self.name else values


def plain(model, folder):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=model, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    outputs = [output["index"] for output in interpreter.get_output_details()]

    def run(picture):
        interpreter.set_tensor(given, picture)
        interpreter.invoke()
        return [interpreter.get_tensor(output) for output in outputs]

    for picture in Pictures(folder):
        run(picture)


def signature(model):
    """AI Edge Quantizer finds inputs by a signature, which old files lack."""
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]

    def maps(tensors):
        entries = []
        for tensor in tensors:
            entry = schema.TensorMapT()
            entry.name = graph.tensors[tensor].name
            entry.tensorIndex = tensor
            entries.append(entry)
        return entries

    made = schema.SignatureDefT()
    made.signatureKey = b"serving_default"
    made.subgraphIndex = 0
    made.inputs = maps(graph.inputs)
    made.outputs = maps(graph.outputs)
    return made


def aeq(model, folder):
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_litert.tools import flatbuffer_utils
    from ai_edge_quantizer import quantizer, recipe

    with tempfile.TemporaryDirectory() as temporary:
        # Old files have the number of an operator in another field, and are taken for sums.
        mended = flatbuffer_utils.read_model(model)
        for code in mended.operatorCodes:
            code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
        if not mended.signatureDefs:
            mended.signatureDefs = [signature(mended)]
        path = str(pathlib.Path(temporary, "float.tflite"))
        flatbuffer_utils.write_model(mended, path)
        key, sides = next(iter(Interpreter(model_path=path).get_signature_list().items()))
        name = sides["inputs"][0]
        tool = quantizer.Quantizer(path)
        tool.load_quantization_recipe(recipe.static_wi8_ai8())
        tool.calibrate({key: Pictures(folder, name)}, num_threads=1)


def command(tool, model, folder, output):
    if tool != "tare":
        return [sys.executable, __file__, "--child", tool, model, str(folder)]
    height, width = next(iter(Pictures(folder))).shape[1:3]
    spark = ["--master", "local[1]", "--driver-memory", "512m"]
    return [
        *[str(ROOT / "deploy" / "tare"), *spark, "calibrate", "--model", model, "--target", "tflite"],
        *["--data", str(folder), "--image-size", f"{width}x{height}", "--batch-size", "1"],
        *["--output", str(output)],
    ]


def measure(tool, model, folder, output):
    """Processor seconds and the peak of memory in units of 10^6 bytes."""
    log = pathlib.Path(f"{output}.log")
    with open(log, "w") as out:
        environment = dict(os.environ, SPARK_LOCAL_IP="127.0.0.1", OMP_NUM_THREADS="1")
        line = command(tool, model, folder, output)
        running = subprocess.Popen(line, stdout=out, stderr=out, env=environment)
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{tool} ended with {running.returncode}:\n{log.read_text()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 10**6


def main():
    parser = argparse.ArgumentParser(description="Calibration cost and memory of a .tflite model")
    parser.add_argument("model")
    parser.add_argument("pictures")
    parser.add_argument("--samples", default="64,512")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=TOOLS[:2], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        {"plain": plain, "aeq": aeq}[options.child](options.model, options.pictures)
        return
    files = sorted(pathlib.Path(options.pictures).glob("*.png"))
    counts = sorted(map(int, options.samples.split(",")))
    if len(counts) < 2 or counts[-1] > len(files):
        sys.exit(f"give two numbers of samples; {options.pictures} has {len(files)} pictures")
    head = [f"{what} of {count}" for count in counts for what in ("processor s", "peak MB")]
    print("| tool | " + " | ".join(head) + " | ms of a further one | over plain |")
    print("|---" + "|---:" * (len(head) + 2) + "|")
    base = None
    with tempfile.TemporaryDirectory() as temporary:
        for count in counts:
            folder = pathlib.Path(temporary, str(count))
            folder.mkdir()
            for file in files[:count]:
                shutil.copy(file, folder)
        for tool in TOOLS:
            cells, seconds = [], []
            for count in counts:
                rounds = []
                for i in range(options.rounds):
                    output = pathlib.Path(temporary, f"{tool}-{count}-{i}")
                    folder = pathlib.Path(temporary, str(count))
                    rounds.append(measure(tool, options.model, folder, output))
                    print(f"{tool}, {count} samples: {rounds[-1]}", file=sys.stderr, flush=True)
                seconds.append(statistics.median(r[0] for r in rounds))
                peak = statistics.median(r[1] for r in rounds)
                cells += [f"{seconds[-1]:.1f}", f"{peak:,.0f}"]
            further = (seconds[-1] - seconds[0]) / (counts[-1] - counts[0]) * 1e3
            base = base or further
            cells += [f"{further:.1f}", f"{further / base:.1f}"]
            print(f"| {tool} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
