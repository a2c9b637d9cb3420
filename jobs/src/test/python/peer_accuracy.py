"""Accuracy of ONNX Runtime's and NNCF's int8 on the tensors that Tare's modes are measured with.

Usage, from the repository's root, with a Python of requirements-peers.txt:
  mvn -q -B -pl jobs -am test-compile dependency:build-classpath \\
      -Dmdep.outputFile=target/classpath -Dmdep.includeScope=test
  java -Dtare.assets=jobs/target/assets \\
      -cp "jobs/target/test-classes:jobs/target/classes:$(cat jobs/target/classpath)" \\
      --add-exports=java.base/sun.nio.ch=ALL-UNNAMED \\
      dev.tare.jobs.accuracy.ExportSamples jobs/target/peer-accuracy
  python3 -m venv jobs/target/python/peers
  jobs/target/python/peers/bin/pip install -r jobs/src/test/python/requirements-peers.txt
  jobs/target/python/peers/bin/python jobs/src/test/python/peer_accuracy.py \\
      jobs/target/peer-accuracy [--networks MiniLM,cls,rec] [--settings NAME,...]

Calibrates on FOLDER/NETWORK/calibration, one sample a batch, and compares with the float model on
FOLDER/NETWORK/evaluation as `tare evaluate` does: SQNR from sums of squares over all values of all
samples; cosine of each sample, its mean with the 95 % interval of 2,000 bootstrap samples, and its
first percentile; same argmax along the last axis; of MiniLM the mean over tokens, normalized. Models
run at ONNX Runtime's default level. Prints progress on stderr, a Markdown table on stdout.

Settings of ONNX Runtime, all QDQ:
  defaults        quantize_static as it comes: MinMax, s8, per tensor, every operator it knows
  prepared        the same after quant_pre_process, without symbolic shapes where it fails on
                  them, at opset 13 where it is older
  products        prepared; Conv, MatMul, Gemm only; inputs u8, weights s8, per tensor
  channels        products with weights per channel
  inputs          channels; outputs of these operators, products of two activations left alone
  -percentile     Percentile 99.999 and -entropy Entropy in place of MinMax; its histograms are
                  handed flat values, since they refuse samples of unequal shapes
Settings of NNCF, prepared likewise: nncf, and nncf-transformer with model_type TRANSFORMER.
"""

import argparse
import logging
import math
import pathlib
import sys
import tempfile
import traceback

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.calibrate import HistogramCollector
from onnxruntime.quantization.shape_inference import quant_pre_process

OPERATORS = ["Conv", "MatMul", "Gemm"]
# One scale per channel of Conv needs opset 13.
OPSET = 13
PRODUCTS = {
    "op_types_to_quantize": OPERATORS,
    "activation_type": QuantType.QUInt8,
    "weight_type": QuantType.QInt8,
}
CHANNELS = {**PRODUCTS, "per_channel": True}
INPUTS = {
    **CHANNELS,
    "extra_options": {
        "OpTypesToExcludeOutputQuantization": OPERATORS,
        "MatMulConstBOnly": True,
    },
}
PERCENTILE = {"calibrate_method": CalibrationMethod.Percentile}
ENTROPY = {"calibrate_method": CalibrationMethod.Entropy}
SETTINGS = {
    "defaults": {},
    "prepared": {},
    "products": PRODUCTS,
    "products-percentile": {**PRODUCTS, **PERCENTILE},
    "channels": CHANNELS,
    "channels-percentile": {**CHANNELS, **PERCENTILE},
    "channels-entropy": {**CHANNELS, **ENTROPY},
    "inputs": INPUTS,
    "inputs-percentile": {**INPUTS, **PERCENTILE},
    "nncf": None,
    "nncf-transformer": None,
}
RESAMPLED = 2000


def samples(folder):
    """Each sample as a dictionary of inputs."""
    return [
        {file.stem: np.load(file) for file in sorted(sample.glob("*.npy"))}
        for sample in sorted(folder.iterdir())
    ]


class Reader(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def prepare(model, output):
    """quant_pre_process, at an opset that can hold one scale per channel."""
    loaded = onnx.load(model)
    if all(o.version < OPSET for o in loaded.opset_import if o.domain == ""):
        model = output + ".upgraded"
        onnx.save(onnx.version_converter.convert_version(loaded, OPSET), model)
    try:
        quant_pre_process(model, output)
    except Exception:  # Symbolic shape inference cannot follow PP-OCR's networks.
        quant_pre_process(model, output, skip_symbolic_shape=True)


def collect_any_shapes(collect):
    """Its histograms ask for equal shapes, which texts and images of any length do not have."""

    def collect_flat(self, name_to_arr):
        return collect(
            self,
            {name: [np.concatenate([a.ravel() for a in arr])] for name, arr in name_to_arr.items()},
        )

    return collect_flat


HistogramCollector.collect = collect_any_shapes(HistogramCollector.collect)


def by_onnxruntime(model, output, feeds, options):
    quantize_static(model, output, Reader(feeds), quant_format=QuantFormat.QDQ, **options)


def by_nncf(model, output, feeds, setting):
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    kind = nncf.ModelType.TRANSFORMER if setting == "nncf-transformer" else None
    quantized = nncf.quantize(
        onnx.load(model), nncf.Dataset(feeds), subset_size=len(feeds), model_type=kind
    )
    onnx.save(quantized, output)


def vector(outputs, pooled):
    """The values that speak for the model, as `tare evaluate` takes them."""
    values = outputs[0][0]
    if not pooled:
        return values
    sums = values.astype(np.float64).sum(axis=0)
    return (sums / math.sqrt((sums * sums).sum())).astype(np.float32)


def quality(reference, other, feeds, pooled):
    """SQNR in dB, cosines, share of equal argmax."""
    signal = noise = 0.0
    cosines = []
    same = positions = 0
    for feed in feeds:
        a = vector(reference.run(None, feed), pooled).astype(np.float64)
        b = vector(other.run(None, feed), pooled).astype(np.float64)
        power, product = (b * b).sum(), (a * b).sum()
        signal += (a * a).sum()
        noise += ((a - b) ** 2).sum()
        cosines.append(product / math.sqrt((a * a).sum() * power) if power > 0 else 0.0)
        if not pooled:
            matches = a.argmax(axis=-1) == b.argmax(axis=-1)
            same += int(matches.sum())
            positions += matches.size
    sqnr = 10 * math.log10(signal / noise) if noise > 0 else math.inf
    return sqnr, np.array(cosines), same / positions if positions else None


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def measure(network, setting, scratch):
    feeds = samples(network / "calibration")
    model = network / "model.onnx"
    if setting != "defaults":
        prepared = scratch / "prepared.onnx"
        prepare(str(model), str(prepared))
        model = prepared
    output = scratch / "quantized.onnx"
    if SETTINGS[setting] is None:
        by_nncf(str(model), str(output), feeds, setting)
    else:
        by_onnxruntime(str(model), str(output), feeds, SETTINGS[setting])
    pooled = network.name == "MiniLM"
    figures = quality(
        session(network / "model.onnx"), session(output), samples(network / "evaluation"), pooled
    )
    return (*figures, output.stat().st_size / 1e6)


def row(network, setting, figures):
    sqnr, cosines, same, size = figures
    agreement = "" if same is None else f"{same:.3f}"
    random = np.random.default_rng(0)
    means = random.choice(cosines, (RESAMPLED, len(cosines))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    first = np.percentile(cosines, 1, method="inverted_cdf")
    return (
        f"| {network} | `{setting}` | {sqnr:.1f} | {cosines.mean():.4f} |"
        f" {low:.4f} to {high:.4f} | {first:.4f} | {cosines.min():.4f} |"
        f" {agreement} | {size:.2f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--networks", default="MiniLM,cls,rec")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    arguments = parser.parse_args()
    table = [
        "| network | setting | SQNR dB | cosine mean | 95 % | 1st percentile | min |"
        " same argmax | MB |"
    ]
    table.append("|---|---|---|---|---|---|---|---|---|")
    for network in arguments.networks.split(","):
        for setting in arguments.settings.split(","):
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    figures = measure(arguments.folder / network, setting, pathlib.Path(scratch))
                    table.append(row(network, setting, figures))
                except Exception as e:  # A peer that fails is a result.
                    traceback.print_exc()
                    table.append(f"| {network} | `{setting}` | {type(e).__name__} | | | | | | |")
            print(table[-1], file=sys.stderr, flush=True)
    print("\n".join(table))


if __name__ == "__main__":
    main()
