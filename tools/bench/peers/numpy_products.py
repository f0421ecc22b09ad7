"""Matrix products in numpy: no step, only their rate for the bound."""

import peer

try:
    import numpy as np
except ImportError as error:
    peer.absent(error)


def setup(case, inputs):
    raise NotImplementedError("numpy has no derivatives")


def product(a, b, transpose_a, transpose_b):
    a = a.swapaxes(-1, -2) if transpose_a else a
    b = b.swapaxes(-1, -2) if transpose_b else b
    return lambda: a @ b


peer.serve({"numpy": np.__version__}, setup, product)
