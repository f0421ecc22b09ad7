"""Writes packages/eval/golden/NAME.safetensors: what PyTorch computes with a small feature network.

    python tools/reference/feature_networks.py packages/eval/weights/NAME.safetensors IMAGES LABELS OUT

IMAGES and LABELS are the test images and classes as raw bytes, [count, height, width, channels] and [count]. The first 32
of each are stored with the features and the logits that torch finds in float64. Needs `torch` and `safetensors`.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.numpy import save_file

COUNT = 32


def convolve(w, name, x, stride):
    kernel = w[f"{name}.kernel"].permute(3, 2, 0, 1)
    size, side = kernel.shape[-1], x.shape[-1]
    # TensorFlow's "same": as many values as steps, the odd one of the padding below and right.
    pad = max((-(-side // stride) - 1) * stride + size - side, 0)
    x = F.pad(x, (pad // 2, pad - pad // 2, pad // 2, pad - pad // 2))
    return F.relu(F.conv2d(x, kernel, w[f"{name}.bias"], stride=stride))


def network(config, w, pixels):
    x = pixels.permute(0, 3, 1, 2) / 127.5 - 1
    for i, stage in enumerate(config["stages"]):
        x = convolve(w, f"stages.{i}.conv", x, stage.get("stride", 1))
        if stage.get("pool"):
            x = F.max_pool2d(x, 2)
        if stage.get("residual"):
            x = x + convolve(w, f"stages.{i}.b", convolve(w, f"stages.{i}.a", x, 1), 1)
    if config["head"] == "mean":
        features = x.mean((2, 3))
    else:
        rows = x.permute(0, 2, 3, 1).flatten(1)
        features = F.silu(rows @ w["features.kernel"] + w["features.bias"])
    return features, features @ w["classes.kernel"] + w["classes.bias"]


def main(file, images, labels, out):
    with safe_open(file, "pt") as f:
        metadata = f.metadata()
        w = {name: f.get_tensor(name).double() for name in f.keys()}
    config = json.loads(metadata["config"])
    shape = (-1, config["inputSize"], config["inputSize"], config["channels"])
    pixels = np.fromfile(images, np.uint8).reshape(shape)[:COUNT]
    classes = np.fromfile(labels, np.uint8)[:COUNT]
    features, logits = network(config, w, torch.from_numpy(pixels).double())
    tensors = {
        "images": pixels,
        "labels": classes.astype(np.int32),
        "features": features.float().numpy(),
        "logits": logits.float().numpy(),
    }
    origin = {"source": f"torch {torch.__version__}", "script": "tools/reference/feature_networks.py"}
    save_file(tensors, out, {**origin, "dtype": "float64, rounded to float32", "network": metadata["name"]})


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
