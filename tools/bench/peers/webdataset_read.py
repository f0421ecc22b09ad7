"""Reads batches of shards with webdataset and Pillow, in this process or in workers of PyTorch's DataLoader.

Answers the bench as `peer.py` says, to these requests:

    {"do": "open", "shards": [...], "workers": 2, "batch": 256}  -> {"ok": true}
    {"do": "check", "images": 512}                               -> {"ms": 0, "value": -0.05}
    {"do": "read", "batches": 40}                                -> {"ms": 1329.1, "value": -0.3}
"""

import io
import json
import os
import sys
import time

from peer import absent

try:
    import numpy as np
    import PIL
    import torch
    import webdataset as wds
    from PIL import Image
except ImportError as error:
    absent(error)

SHUFFLE_BUFFER = 8192
MANY_EPOCHS = 10_000


def floats(jpeg):
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), np.float32) / 127.5 - 1


def training(draw):
    def prepare(sample):
        x = floats(sample[0])
        return (x[:, ::-1] if draw.random() < 0.5 else x), int(sample[1])

    return prepare


def batches(shards, workers, batch):
    """Shuffled, half of the images mirrored, as float32 batches: the pipeline of the library's documentation."""
    data = (
        wds.WebDataset(shards * MANY_EPOCHS, shardshuffle=100, workersplitter=wds.split_by_worker)
        .shuffle(SHUFFLE_BUFFER)
        .to_tuple("jpg", "cls")
        .map(training(np.random.default_rng(0)))
        .batched(batch, partial=False)
    )
    return iter(data if workers == 0 else wds.WebLoader(data, batch_size=None, num_workers=workers))


def main():
    answers = os.fdopen(os.dup(1), "w")  # libraries print to standard output as they like
    os.dup2(2, 1)

    def answer(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    versions = {"webdataset": wds.__version__, "pillow": PIL.__version__, "torch": torch.__version__}
    answer({"ready": True, "versions": versions})
    shards, iterator = [], None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "open":
                shards = request["shards"]
                iterator = batches(shards, request["workers"], request["batch"])
                answer({"ok": True})
            elif request["do"] == "check":
                plain = wds.WebDataset(shards[:1], shardshuffle=False).to_tuple("jpg")
                images = [floats(jpeg) for (jpeg,), _ in zip(plain, range(request["images"]))]
                answer({"ms": 0, "value": float(np.mean(images, dtype=np.float64))})
            elif request["do"] == "read":
                start = time.perf_counter()
                for _ in range(request["batches"]):
                    x, _ = next(iterator)
                answer({"ms": 1000 * (time.perf_counter() - start), "value": float(x.reshape(-1)[0])})
        except Exception as error:  # whatever a library throws is the answer
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})


if __name__ == "__main__":
    main()
