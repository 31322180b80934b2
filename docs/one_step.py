"""One training step, small enough for paper: three pixels, two neurons.

Run:  python docs/one_step.py
"""

import numpy as np

x = np.array([1.0, 0.5, 0.0])           # three pixels: ink, grey, paper
truth = np.array([0.0, 1.0])            # one-hot: neuron 1 should win
W = np.array([[0.2, -0.1],              # a row for each pixel, a column for each neuron
              [0.4, 0.1],
              [-0.3, 0.5]])
b = np.array([0.0, 0.0])
learning_rate = 0.5


def answer():
    """Weighted sums + biases, then softmax: exponentials, divided by their total."""
    exponentials = np.exp(x @ W + b)
    return exponentials / exponentials.sum()


y = answer()
print("before:", y.round(3), "loss", round(-np.log(y[1]), 3))

error = y - truth                       # what each neuron said too much
gradient_W = np.outer(x, error)         # each weight's share of it: its pixel times that
W -= learning_rate * gradient_W
b -= learning_rate * error

y = answer()
print("W is now:\n", W.round(3))
print("after: ", y.round(3), "loss", round(-np.log(y[1]), 3))
