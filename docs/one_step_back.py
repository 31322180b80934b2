"""How the gradient gets back: one training step through a hidden layer, small enough for paper.

Run:  python docs/one_step_back.py
"""

import numpy as np

XX = np.array([[1.0, 0.5]])             # an image of two pixels: ink, grey
Y_ = np.array([[0.0, 1.0]])             # one-hot: output 1 should win
W1 = np.array([[0.5, -1.0],             # a row for each pixel, a column for each hidden neuron
               [1.0, 1.0]])
B1 = np.array([0.0, 0.0])
W2 = np.array([[1.0, -0.5],             # a row for each hidden neuron, a column for each output
               [-0.5, 0.5]])
B2 = np.array([0.0, 0.0])
learning_rate = 0.5


def forwards(W1, B1, W2, B2):
    """What the hidden neurons say, what the outputs say, and the loss."""
    Y1 = 1 / (1 + np.exp(-(XX @ W1 + B1)))
    exponentials = np.exp(Y1 @ W2 + B2)
    Y = exponentials / exponentials.sum(axis=1, keepdims=True)
    return Y1, Y, -np.log(Y[Y_ == 1]).sum()


Y1, Y, loss = forwards(W1, B1, W2, B2)
print("hidden neurons say", Y1.round(2), "outputs", Y.round(2), "loss", loss.round(3))

error = Y - Y_                          # what each output said too much
share = error @ W2.T                    # of each hidden neuron: the same weights, the other way
hidden_error = share * Y1 * (1 - Y1)    # through the sigmoid: times its slope
gradients = XX.T @ hidden_error, hidden_error.sum(axis=0), Y1.T @ error, error.sum(axis=0)
print("errors of the outputs", error.round(2), "shares", share.round(2), "errors of the hidden "
      "neurons", hidden_error.round(2))

after = [value - learning_rate * gradient for value, gradient in zip((W1, B1, W2, B2), gradients)]
for name, value in zip(("W1", "B1", "W2", "B2"), after):
    print(name, "is now", value.round(2).tolist())
new_Y1, new_Y, new_loss = forwards(*after)
print("outputs now say", new_Y.round(2), "loss", new_loss.round(3))

nudge = 0.001 * np.array([[1, 0], [0, 0]])  # by hand: how much does one weight change the loss?
slope = (forwards(W1 + nudge, B1, W2, B2)[2] - loss) / 0.001
print("slope of the loss in W1[0, 0]:", slope.round(3), "gradient:", gradients[0][0, 0].round(3))
