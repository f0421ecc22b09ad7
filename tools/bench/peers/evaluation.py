"""Metrics of an evaluation as their authors' packages compute them.

Answers the bench as `peer.py` says, to these requests:

    {"do": "open", "task": "frechet", "folder": "..."}  -> {"ok": true}
    {"do": "run"}                                        -> {"ms": 11125.3, "values": [181.2]}
"""

import contextlib
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

from peer import absent

try:
    import numpy as np
    import prdc
    import scipy
    import sklearn
    import torch
    from pytorch_fid import inception
    from pytorch_fid.fid_score import calculate_frechet_distance
except ImportError as error:
    absent(error)

NEIGHBOURS = 5


def frechet(folder):
    """Fréchet distance of statistics in two files."""
    files = [np.load(folder / f"statistics-{j}.npz") for j in (0, 1)]
    (mu1, sigma1), (mu2, sigma2) = [(file["mu"], file["sigma"]) for file in files]
    return lambda: [calculate_frechet_distance(mu1, sigma1, mu2, sigma2)]


def neighbours(folder):
    """Precision, recall, density and coverage."""
    file = np.load(folder / "features.npz")
    real, fake = file["real"], file["fake"]

    def run():
        with contextlib.redirect_stdout(sys.stderr):  # it says how many rows it got
            found = prdc.compute_prdc(real, fake, NEIGHBOURS)
        return [found[name] for name in ("precision", "recall", "density", "coverage")]

    return run


def inception_features(folder):
    """The features that FID compares."""
    file = np.load(folder / "weights.npz")
    weights = {name: torch.from_numpy(file[name]) for name in file.files}
    inception.load_state_dict_from_url = lambda *_, **__: weights  # the public ones need a download
    network = inception.InceptionV3([3]).eval()
    # Contiguous, as its data loader delivers them: torch is half as fast again where channels are last in memory.
    images = torch.from_numpy(np.load(folder / "images.npz")["images"]).permute(0, 3, 1, 2).contiguous()

    def run():
        with torch.no_grad():
            features = network(images.float() / 255)[0][:, :, 0, 0]
        return [*features[0, :8].tolist(), *features[-1, :8].tolist()]

    return run


TASKS = {"frechet": frechet, "inception": inception_features, "neighbours": neighbours}


def main():
    answers = os.fdopen(os.dup(1), "w")  # libraries print to standard output as they like
    os.dup2(2, 1)

    def answer(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    versions = {
        **{name: version(name) for name in ("pytorch-fid", "prdc")},
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "torch": torch.__version__,
    }
    answer({"ready": True, "versions": versions})
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "open":
                run = TASKS[request["task"]](Path(request["folder"]))
                answer({"ok": True})
            elif request["do"] == "run":
                start = time.perf_counter()
                values = run()
                answer({"ms": 1000 * (time.perf_counter() - start), "values": [float(value) for value in values]})
        except Exception as error:  # whatever a library throws is the answer
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})


if __name__ == "__main__":
    main()
