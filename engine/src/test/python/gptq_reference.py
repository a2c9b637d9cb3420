"""Writes weights rounded by GPTQ with numpy, in another way than ours.

python3 gptq_reference.py > ../resources/dev/tare/engine/pass/gptq.txt
python3 gptq_reference.py blocks > ../resources/dev/tare/engine/pass/gptq_blocks.txt

Here H is inverted by LAPACK and its inverse factored, errors are fed back in blocks, and everything
is permuted beforehand (Frantar et al., arXiv 2210.17323, algorithm 1, with act-order).
Lines: channels columns vectors damping; exponents; factors; codes of each vector; the weight by
rows; scales of columns; the expected integers by rows. With blocks: channels columns vectors damping
block; the same without scales; scales and zero points of u4 by blocks; the expected integers.
"""

import sys

import numpy as np


def gptq(gram, weight, scales, damping, block=8):
    order = np.argsort(-np.diag(gram), kind="stable")
    h = gram[order][:, order].copy()
    h[np.diag_indices_from(h)] += damping * np.mean(np.diag(gram))
    upper = np.linalg.cholesky(np.linalg.inv(h)).T
    w = weight[order].copy()
    codes = np.zeros_like(w)
    for start in range(0, len(w), block):
        end = min(start + block, len(w))
        errors = np.zeros((end - start, w.shape[1]))
        for k in range(start, end):
            codes[k] = np.clip(np.rint(w[k] / scales), -127, 127)
            errors[k - start] = (w[k] - codes[k] * scales) / upper[k, k]
            w[k:end] -= np.outer(upper[k, k:end], errors[k - start])
        w[end:] -= upper[start:end, end:].T @ errors
    back = np.empty_like(codes)
    back[order] = codes
    return back.astype(int)


def u4(low, high):
    low, high = np.minimum(np.float32(low), 0), np.maximum(np.float32(high), 0)
    scale = (high - low).astype(float) / 15
    zero = np.clip(np.rint(-low.astype(float) / scale), 0, 15)
    return scale.astype(np.float32).astype(float), zero


def codes_of(values, scale, zero):
    return np.clip(np.rint(values / scale) + zero, 0, 15)


def in_blocks(gram, weight, damping, block):
    """Scales are found when a block is reached; blocks by the falling sum of their diagonals."""
    n = len(gram)
    diagonal = np.diag(gram)
    starts = sorted(range(0, n, block), key=lambda s: (-diagonal[s : s + block].sum(), s))
    order = np.concatenate(
        [s + np.argsort(-diagonal[s : s + block], kind="stable") for s in starts]
    )
    h = gram[order][:, order].copy()
    h[np.diag_indices_from(h)] += damping * np.mean(diagonal)
    upper = np.linalg.cholesky(np.linalg.inv(h)).T
    w = weight[order].copy()
    codes = np.zeros_like(w)
    scales = np.zeros((len(starts), w.shape[1]))
    zeros = np.zeros_like(scales)
    at = 0
    for s in starts:
        end = at + min(block, n - s)
        counts = 1 / np.diag(upper)[at:end, None] ** 2
        best = np.full(w.shape[1], np.inf)
        for part in [40, *range(20, 45)]:
            scale, zero = u4(w[at:end].min(axis=0) * part / 40, w[at:end].max(axis=0) * part / 40)
            values = (codes_of(w[at:end], scale, zero) - zero) * scale
            error = (counts * (w[at:end] - values) ** 2).sum(axis=0)
            better = error < best
            best = np.where(better, error, best)
            scales[s // block] = np.where(better, scale, scales[s // block])
            zeros[s // block] = np.where(better, zero, zeros[s // block])
        scale, zero = scales[s // block], zeros[s // block]
        for k in range(at, end):
            codes[k] = codes_of(w[k], scale, zero)
            error = (w[k] - (codes[k] - zero) * scale) / upper[k, k]
            w[k:] -= np.outer(upper[k, k:], error)
        at = end
    back = np.empty_like(codes)
    back[order] = codes
    return scales.astype(np.float32), zeros.astype(int), back.astype(int)


def main():
    blocks = len(sys.argv) > 1
    random = np.random.default_rng(14)
    channels, columns, vectors, damping = 37, 11, 150, 0.01
    exponents = random.integers(-9, -4, channels)
    factors = np.exp2(random.uniform(-2, 2, channels)).astype(np.float32)
    mixed = random.normal(size=(vectors, 12)) @ random.normal(size=(12, channels))
    codes = np.clip(np.rint(mixed * 12), -128, 127).astype(int)
    weight = random.normal(size=(channels, columns)).astype(np.float32)
    scales = (np.abs(weight).max(axis=0) / 127).astype(np.float32)
    x = codes * np.exp2(exponents) * factors.astype(float)
    if blocks:
        print(channels, columns, vectors, damping, 8)
    else:
        print(channels, columns, vectors, damping)
    print(*exponents)
    print(*factors)
    for row in codes:
        print(*row)
    for row in weight:
        print(*row)
    if blocks:
        for rows in in_blocks(x.T @ x, weight.astype(float), damping, 8):
            for row in rows:
                print(*row)
        return
    print(*scales)
    for row in gptq(x.T @ x, weight.astype(float), scales.astype(float), damping):
        print(*row)


if __name__ == "__main__":
    main()
