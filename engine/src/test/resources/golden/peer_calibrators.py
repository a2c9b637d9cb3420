"""Writes peer_calibrators.json: ranges that PyTorch's and NVIDIA's own code selects.

pip install torch==2.15.0 numpy==2.4.6 scipy==1.17.1; pip install --no-deps nvidia-modelopt==0.47.0
python peer_calibrators.py > peer_calibrators.json

PyTorch: torch.ao.quantization.observer.HistogramObserver, run as it is. NVIDIA: the functions of
modelopt/torch/quantization/calib/histogram.py, run from the installed file's source, because
importing the package needs a GPU's libraries. Their collector is run too, so counts and edges in
the file are theirs. Streams a and b are those of ort_calibrators.json.
"""
import ast, collections, importlib.util, json, os, types, warnings
import numpy as np, scipy, scipy.stats, torch

warnings.simplefilter("ignore")


def stream(seed, factor):
    s, out = seed, []
    for _ in range(4000):
        g = 0.0
        for _ in range(12):
            s = (s * 1103515245 + 12345) & 0x7FFFFFFF
            g += s / 2**31
        out.append(g - 6)
    return np.array(out, np.float32) * np.float32(factor)


A, B = stream(1, 1), stream(2, 1.7)
OUTLIERS = A.copy()
OUTLIERS[::401] *= np.float32(20)
DATA = {
    "a": [A],
    "a,b": [A, B],
    "outliers": [OUTLIERS],
    "products": [A * B],
    "relu": [np.maximum(A, 0)],
    "squares": [B * B],
    "shifted": [A * np.float32(0.1) + 1],
}


def installed(module, names, namespace):
    """Runs the named functions and classes of an installed file, unchanged."""
    root = os.path.dirname(importlib.util.find_spec("modelopt").origin)
    tree = ast.parse(open(os.path.join(root, module)).read())
    tree.body = [n for n in tree.body if getattr(n, "name", None) in names]
    exec(compile(tree, module, "exec"), namespace)
    return namespace


class Calibrator:
    def __init__(self, num_bits, axis, unsigned):
        self._num_bits, self._axis, self._unsigned = num_bits, axis, unsigned


quant = installed("torch/quantization/tensor_quant.py", {"_tensor_quant"}, {"torch": torch})
nvidia = installed(
    "torch/quantization/calib/histogram.py",
    {"HistogramCalibrator", "_compute_amax_entropy", "_compute_amax_mse", "_compute_amax_percentile"},
    {
        "np": np,
        "torch": torch,
        "warnings": warnings,
        "Counter": collections.Counter,
        "entropy": scipy.stats.entropy,
        "_Calibrator": Calibrator,
        "dist": types.SimpleNamespace(is_initialized=lambda: False),
        "fake_tensor_quant": lambda x, amax, bits, unsigned: quant["_tensor_quant"](x, amax, bits, unsigned),
    },
)


def nvidia_cases():
    for name, batches in DATA.items():
        case = {"data": name, "max": float(max(np.abs(b).max() for b in batches)), "results": []}
        for bits, unsigned in ((8, False), (8, True), (4, False)):
            if unsigned and min(b.min() for b in batches) < 0:
                continue
            c = nvidia["HistogramCalibrator"](bits, None, unsigned)
            for batch in batches:
                c.collect(torch.from_numpy(batch))
            case["edges"] = c._calib_bin_edges.tolist()
            case["counts"] = packed(c._calib_hist.tolist())
            result = {"bits": bits, "unsigned": unsigned, "mse": float(c.compute_amax("mse"))}
            for p in (99.0, 99.99):
                result[f"percentile-{p}"] = float(c.compute_amax("percentile", percentile=p))
            result["entropy"] = float(c.compute_amax("entropy"))
            case["results"].append(result)
        # float32 edges as bit patterns are shorter than decimals, and exact
        case["edges"] = np.array(case["edges"], ">f4").tobytes().hex()
        yield case


class Summing64(torch.ao.quantization.HistogramObserver):
    """The same search with the sum of 2048 float32 terms in float64: what no order changes."""

    def _compute_quantization_error(self, start, end):
        plain = torch.Tensor.sum
        torch.Tensor.sum = lambda t, *a, **k: plain(t.double(), *a, **k)
        try:
            return super()._compute_quantization_error(start, end)
        finally:
            torch.Tensor.sum = plain


def bins(function):
    return torch.tensor([float(np.floor(function(i))) for i in range(2048)])


# histogram, min, max: smooth ones, on which the search goes far
SMOOTH = {
    "bell": (bins(lambda i: 1000 * np.exp(-(((i - 1024) / 100) ** 2) / 2) + (i in (0, 2047))), -8, 8),
    "decay": (bins(lambda i: 1e5 * np.exp(-i / 60) if i else 1e6), 0, 12),
    "flat": (bins(lambda i: 10), -1, 1),
    "pointed": (bins(lambda i: 1e5 * np.exp(-abs(i - 1024) / 40) + 1), -4, 4),
}


def observed(kind, name, dtype, scheme):
    o = kind(dtype=dtype, qscheme=scheme)
    for batch in DATA.get(name, []):
        o(torch.from_numpy(batch))
    if name in SMOOTH:
        o.histogram, low, high = SMOOTH[name]
        o.min_val, o.max_val = torch.tensor(float(low)), torch.tensor(float(high))
    return o


def torch_cases():
    for name in [*DATA, *SMOOTH]:
        o = observed(torch.ao.quantization.HistogramObserver, name, torch.quint8, torch.per_tensor_affine)
        case = {"data": name, "min": o.min_val.item(), "max": o.max_val.item()}
        case["counts-times-16"] = packed([x * 16 for x in o.histogram.tolist()])
        case["range"] = [v.item() for v in o._non_linear_param_search()]
        o64 = observed(Summing64, name, torch.quint8, torch.per_tensor_affine)
        case["range-float64-sum"] = [v.item() for v in o64._non_linear_param_search()]
        for scheme in (torch.per_tensor_affine, torch.per_tensor_symmetric):
            o.qscheme = scheme
            scale, zero = o.calculate_qparams()
            case[str(scheme)] = {"scale": scale.item(), "zero-point": zero.item()}
        yield case


def packed(counts):
    """Integers; a run of n zeros is -n."""
    out = []
    for c in counts:
        assert c == int(c)
        if c == 0 and out and out[-1] < 0:
            out[-1] -= 1
        else:
            out.append(int(c) if c else -1)
    return out


document = {
    "versions": {"torch": torch.__version__, "modelopt": "0.47.0", "numpy": np.__version__, "scipy": scipy.__version__},
    "cpu": torch.backends.cpu.get_cpu_capability(),
    "torch": list(torch_cases()),
    "nvidia": list(nvidia_cases()),
}
lines = json.dumps(document).replace('{"data"', '\n{"data"')
print(lines)
