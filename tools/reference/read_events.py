"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON.

    python tools/reference/read_events.py FOLDER

    {"scalars": {TAG: [[STEP, VALUE], ...]}, "images": {TAG: [[STEP, WIDTH, HEIGHT, SHA256 of the PNG], ...]}}

Needs the `tensorboard` package (any 2.x) and nothing else of TensorFlow.
"""

import hashlib
import json
import sys

from tensorboard.backend.event_processing import event_accumulator


def main(folder):
    everything = {"scalars": 0, "images": 0}  # 0: no sampling
    events = event_accumulator.EventAccumulator(folder, size_guidance=everything)
    events.Reload()
    tags = events.Tags()
    scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
    images = {
        tag: [
            [e.step, e.width, e.height, hashlib.sha256(e.encoded_image_string).hexdigest()]
            for e in events.Images(tag)
        ]
        for tag in tags["images"]
    }
    json.dump({"scalars": scalars, "images": images}, sys.stdout)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read_events.py FOLDER")
    main(sys.argv[1])
