"""The networks in PyTorch; see https://pytorch.org/tutorials/. With --compiled, torch.compile makes
one program of a model, for which it needs a C++ compiler.
"""

import math

import harness
import torch
from torch import nn


def softmax():
    layer = nn.Linear(784, 10)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), layer)


def five_layers(dropout):
    layers = [nn.Flatten()]
    for inputs, outputs in ((784, 200), (200, 100), (100, 60), (60, 30)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return initialise(nn.Sequential(*layers, nn.Linear(30, 10)))


def convolutional():
    return initialise(nn.Sequential(
        nn.Conv2d(1, 6, 6, padding="same"), nn.ReLU(),
        nn.Conv2d(6, 12, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(12, 24, 4, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(),
        nn.Linear(24 * 7 * 7, 200), nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(200, 10),
    ))


def initialise(model):
    """Start as the stages do: small random weights, small positive biases."""
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
            nn.init.constant_(layer.bias, 0.1)
    return model


class Trainer:
    def __init__(self, network, seed, channels_last=False, compiled=False):
        torch.manual_seed(seed)
        self.model = {"1.0": softmax, "2.1": lambda: five_layers(0),
                      "2.2": lambda: five_layers(0.25), "3.1": convolutional}[network]()
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.model = self.model.to(memory_format=self.memory_format)
        self.loss_function = nn.CrossEntropyLoss()
        self.scheduler = None
        if network == "1.0":
            # The stages take the mean × 100 for the loss, so their 0.003 is 0.3 for the mean.
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.3)
        else:
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1.0)
            self.scheduler = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer, lambda step: 0.0001 + 0.003 * math.exp(-step / 2000))
        if compiled:
            self.model = torch.compile(self.model)

    def channels_first(self, images):
        return images.permute(0, 3, 1, 2).contiguous(memory_format=self.memory_format)

    def prepare(self, batches):
        return [(self.channels_first(torch.from_numpy(images)), torch.from_numpy(labels).long())
                for images, labels in batches]

    def run(self, prepared):
        self.model.train()
        for images, labels in prepared:
            loss = self.loss_function(self.model(images), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.scheduler is not None:
                self.scheduler.step()

    def read(self, images):
        self.model.eval()
        with torch.no_grad():
            return self.model(self.channels_first(torch.tensor(images))).argmax(1).numpy()


if __name__ == "__main__":
    harness.main(Trainer, compiled="compile the model",
                 channels_last="keep the channels of a pixel together in memory")
