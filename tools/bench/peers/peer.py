"""What all Python peers share: the inputs of a step, and answering the bench.

The bench starts a peer, reads its first line (`ready`, or `absent` where a package is missing), and then writes one
request a line to its standard input, each answered by one line on its standard output:

    {"do": "setup", "case": "meanflow", "file": "..."}       -> {"ok": true}
    {"do": "step"}                                           -> {"ms": 412.5, "value": 103.2}
    {"do": "product", "groups": 1, "m": 2048, ...}           -> {"ms": 1.9}
"""

import json
import os
import sys
import time


def missing(what):
    """Says why this program cannot run, and ends."""
    print(json.dumps({"absent": what}), flush=True)
    sys.exit(0)


def absent(error):
    """Says that a package is missing, and ends."""
    missing(f"the Python package {error.name} is not installed")


try:
    import numpy as np
except ImportError as error:
    absent(error)

DTYPES = {"F32": np.float32, "I32": np.int32}


class Inputs:
    """Tensors and configuration of a file in safetensors format."""

    def __init__(self, path):
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
            data = file.read()
        config = json.loads(header.pop("__metadata__")["config"])
        self.network = config["network"]
        self.patches = config["patches"]  # rows, columns, numbers in a patch
        self.instant_rows = config["instantRows"]
        self.guidance = config["guidance"]
        self.optimizer = config["optimizer"]
        self.tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            array = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
            self.tensors[name] = array.reshape(entry["shape"])

    def weights(self):
        prefix = "weights/"
        return {name[len(prefix) :]: array for name, array in self.tensors.items() if name.startswith(prefix)}

    def __getitem__(self, name):
        return self.tensors[name]


def best_ms(run, seconds=0.15):
    """The shortest of so many runs as fit into `seconds`, after two to warm up, in ms."""
    run()
    run()
    best = float("inf")
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        run()
        now = time.perf_counter()
        best = min(best, now - start)
        if now > end:
            return 1000 * best


def product_operands(request):
    """Two random matrices, or stacks of them, in the layout that the request names."""
    groups, m, k, n = (request[key] for key in ("groups", "m", "k", "n"))
    a = (k, m) if request["transposeA"] else (m, k)
    b = (n, k) if request["transposeB"] else (k, n)
    draw = np.random.default_rng(0).standard_normal
    stack = (groups,) if groups > 1 else ()
    return draw(stack + a, np.float32), draw(stack + b, np.float32)


def serve(versions, setup, product):
    """Answers requests until the input ends.

    versions: what to report about this program, text by name.
    setup: makes the step of a case from (case, inputs); the step returns its loss, or samples, as numpy, once they are
        there.
    product: makes a function that multiplies two given operands and waits for the product.
    """
    # Libraries print to standard output as they like: answers go to a copy, the rest to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(message):
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    answer({"ready": True, "versions": versions})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "setup":
                step = setup(request["case"], Inputs(request["file"]))
                answer({"ok": True})
            elif request["do"] == "step":
                start = time.perf_counter()
                value = step()
                ms = 1000 * (time.perf_counter() - start)
                answer({"ms": ms, "value": float(np.mean(np.square(value))) if np.ndim(value) else float(value)})
            elif request["do"] == "product":
                a, b = product_operands(request)
                run = product(a, b, request["transposeA"], request["transposeB"])
                answer({"ms": best_ms(run)})
        except Exception as error:  # whatever a library throws is the answer
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})

