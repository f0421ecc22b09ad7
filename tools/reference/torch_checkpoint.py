"""Writes packages/eval/golden/torch_checkpoint.pth, torch_checkpoint_1_5.pth and torch_checkpoint.safetensors.

    python tools/reference/torch_checkpoint.py FOLDER

A state dict of a small module in both formats of `torch.save`, and its tensors. Needs `torch` and `safetensors`.
"""

import os
import sys

import torch
from safetensors.torch import save_file


def main(folder):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 5))
    state = module.state_dict()  # with a counter of int64, and with attributes
    base = torch.randn(6, 4)
    state["transposed"] = base.T
    state["part"] = base[2:4, 1:3]
    state["half"] = torch.randn(3).half()
    state["bfloat"] = torch.randn(3).bfloat16()
    state["double"] = torch.randn(2, 1).double()
    state["bytes"] = torch.tensor([0, 255], dtype=torch.uint8)
    state["flags"] = torch.tensor([True, False])
    state["parameter"] = torch.nn.Parameter(torch.randn(2))
    state["empty"] = torch.zeros(0, 3)
    torch.save(state, os.path.join(folder, "torch_checkpoint.pth"))
    torch.save(state, os.path.join(folder, "torch_checkpoint_1_5.pth"), _use_new_zipfile_serialization=False)
    origin = {"source": f"torch {torch.__version__}", "script": "tools/reference/torch_checkpoint.py"}
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    save_file(tensors, os.path.join(folder, "torch_checkpoint.safetensors"), origin)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
