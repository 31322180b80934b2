"""How fast numpy and TensorFlow multiply matrices of float32 here, in billions of multiply-adds a
second: the best of a second's tries, since it shall tell what the machine can do. Prints JSON.
"""

import json
import time

import numpy as np
import tensorflow as tf

SIZES = (100, 784, 200), (1024, 1024, 1024)  # a layer of stage 2.0, a large square


def best_rate(multiply, multiply_adds):
    """Billions of multiply-adds a second, float, of a function that does so many."""
    multiply()
    seconds, end = [], time.perf_counter() + 1
    while time.perf_counter() < end:
        start = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - start)
    return multiply_adds / min(seconds) / 1e9


def main():
    """Measure each size in both libraries."""
    random = np.random.default_rng(0)
    rates = {}
    for rows, inner, columns in SIZES:
        one, other = (random.standard_normal(shape, np.float32)
                      for shape in ((rows, inner), (inner, columns)))
        for name, convert in (("numpy", np.asarray), ("TensorFlow", tf.constant)):
            a, b = convert(one), convert(other)
            rates[f"{name} {rows}×{inner}×{columns}"] = best_rate(
                lambda a=a, b=b: np.asarray(a @ b), rows * inner * columns)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
