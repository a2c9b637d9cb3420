"""Writes gptq.txt: a weight rounded by GPTQ with numpy, in another way than ours.

python3 gptq_reference.py > ../resources/dev/tare/engine/pass/gptq.txt

Here H is inverted by LAPACK and its inverse factored, errors are fed back in blocks, and everything
is permuted beforehand (Frantar et al., arXiv 2210.17323, algorithm 1, with act-order).
Lines: channels columns vectors damping; exponents; factors; codes of each vector; the weight by
rows; scales of columns; the expected integers by rows.
"""

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


def main():
    random = np.random.default_rng(14)
    channels, columns, vectors, damping = 37, 11, 150, 0.01
    exponents = random.integers(-9, -4, channels)
    factors = np.exp2(random.uniform(-2, 2, channels)).astype(np.float32)
    mixed = random.normal(size=(vectors, 12)) @ random.normal(size=(12, channels))
    codes = np.clip(np.rint(mixed * 12), -128, 127).astype(int)
    weight = random.normal(size=(channels, columns)).astype(np.float32)
    scales = (np.abs(weight).max(axis=0) / 127).astype(np.float32)
    x = codes * np.exp2(exponents) * factors.astype(float)
    solved = gptq(x.T @ x, weight.astype(float), scales.astype(float), damping)
    print(channels, columns, vectors, damping)
    print(*exponents)
    print(*factors)
    for row in codes:
        print(*row)
    for row in weight:
        print(*row)
    print(*scales)
    for row in solved:
        print(*row)


if __name__ == "__main__":
    main()
