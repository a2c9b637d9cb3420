"""Prints the factors that EqualizationTest expects, by the formulas of Equalization's Javadoc.

python3 equalization.py (no packages needed)
"""
from math import exp, log

X = [[4, 8, 8], [0.25, 0.25, 0.25], [-4, -4, -4], [1, 1, 0.5]]
W = [
    [[0.5, -0.125], [1, 2], [0.25, 0.0625], [1, 1]],
    [[-1, 0.75], [0.5, -4], [-0.03125, 0.125], [0.5, 2]],
    [[6, 0.25], [3, -0.75], [0.0625, 0.25], [0.25, 0.125]],
]
C = range(4)
variance = [sum(v * v for v in x) / len(x) - (sum(x) / len(x)) ** 2 for x in X]
square = [sum(v * v for v in x) / len(x) for x in X]
low = [min(0, *x) for x in X]
high = [max(0, *x) for x in X]
norm = [sum(v * v for o in W for v in o[j]) for j in C]
row = [max(abs(v) for o in W for v in o[j]) for j in C]


def raised(values):
    return [max(v, max(values) / 2**14) for v in values]


def error(t, spread):
    step = (max(h / s for h, s in zip(high, t)) - min(l / s for l, s in zip(low, t))) / 255
    inputs = step**2 * sum(n * s * s for n, s in zip(norm, t))
    steps = sum((max(abs(v) * t[j] for j in C for v in o[j]) / 127) ** 2 for o in W)
    return inputs + steps * 2 * sum(q / (s * s) for q, s in zip(spread, t))


for spread in square, variance:
    best = (error([1, 1, 1, 1], spread), None, None)
    for octave in range(-7, 8):
        reach = raised([max(h, -l / 2**octave) for h, l in zip(high, low)])
        for step in range(11):
            a = step / 10
            t = [x**a / w ** (1 - a) for x, w in zip(reach, raised(row))]
            mean = exp(sum(map(log, t)) / 4)
            t = [s / mean for s in t]
            best = min(best, (error(t, spread), a, [1 / s for s in t]), key=lambda b: b[0])
    print(error([1, 1, 1, 1], spread), *best)
