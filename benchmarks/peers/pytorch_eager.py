"""The networks in PyTorch, each operation called as Python comes to it."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from pytorch_networks import Trainer

from benchmarks import peer_harness

if __name__ == "__main__":
    peer_harness.main(Trainer, channels_last="keep the channels of a pixel together in memory")
