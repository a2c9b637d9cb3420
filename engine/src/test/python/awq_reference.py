"""Writes awq.txt: factors of channels chosen with numpy, in another way than ours.

python3 awq_reference.py > ../resources/dev/tare/engine/pass/awq.txt

Here the errors of all weights are put together and multiplied by the squares once (Lin et al.,
arXiv 2306.00978, section 3.2, with the diagonal of the Gram matrix instead of samples).
Lines: channels columns block; mean squares; a weight by rows, and a second one; the chosen alpha;
the factors.
"""

import numpy as np

from gptq_reference import codes_of, u4


def rounded(weight, counts, block):
    result = np.empty_like(weight)
    for s in range(0, len(weight), block):
        rows = weight[s : s + block]
        best = np.full(weight.shape[1], np.inf)
        for part in [40, *range(20, 45)]:
            scale, zero = u4(rows.min(axis=0) * part / 40, rows.max(axis=0) * part / 40)
            values = (codes_of(rows, scale, zero) - zero) * scale
            error = (counts[s : s + block, None] * (rows - values) ** 2).sum(axis=0)
            better = error < best
            best = np.where(better, error, best)
            result[s : s + block] = np.where(better, values, result[s : s + block])
    return result


def main():
    random = np.random.default_rng(19)
    channels, columns, block = 20, 6, 8
    squares = np.exp2(random.uniform(-6, 6, channels))
    weights = [random.normal(size=(channels, columns)).astype(np.float32) for _ in range(2)]
    both = np.concatenate(weights, axis=1).astype(float)
    errors = {}
    for alpha in (0, 0.25, 0.5, 0.75):
        s = np.sqrt(squares) ** alpha
        s = 1 / (np.exp(np.mean(np.log(s))) / s).astype(np.float32).astype(float)
        lost = rounded(both * s[:, None], squares / s**2, block) / s[:, None] - both
        errors[alpha] = ((lost**2).sum(axis=1) * squares).sum(), 1 / s
    alpha = min(errors, key=lambda a: errors[a][0])
    print(channels, columns, block)
    print(*squares)
    for weight in weights:
        for row in weight:
            print(*row)
    print(alpha)
    print(*errors[alpha][1].astype(np.float32))


if __name__ == "__main__":
    main()
