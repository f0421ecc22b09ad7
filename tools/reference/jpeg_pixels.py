"""Writes packages/data/golden/jpeg_pixels.safetensors: image files and the pixels that Pillow finds in them.

    python tools/reference/jpeg_pixels.py SHARD OUT

SHARD is a tar of JPEGs, e.g. cifar10-test-00000.tar.gz: its first 8 are stored. The others are a pattern, encoded in
ways that differ in how they are decoded. Needs `pillow`, `numpy` and `safetensors`.
"""

import io
import json
import sys
import tarfile

import numpy as np
import PIL
from PIL import Image, features
from safetensors.numpy import save_file

COUNT = 8


def first_files(shard):
    files = []
    with tarfile.open(shard) as tar:
        for member in tar:
            if member.name.endswith(".jpg"):
                files.append((f"cifar/{member.name}", tar.extractfile(member).read()))
            if len(files) == COUNT:
                return files


def pattern(height, width, channels):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return ((x * 7 + y * 3 + c * 61 + x * y) % 256).astype(np.uint8)


def encode(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def patterns():
    colour = Image.fromarray(pattern(21, 33, 3))
    grey = Image.fromarray(pattern(17, 13, 1)[..., 0])
    rotated = Image.Exif()
    rotated[0x0112] = 6  # to be turned by 90 degrees: what reads pixels does not
    return [
        ("444", encode(colour, "JPEG", quality=90, subsampling=0)),
        ("422", encode(colour, "JPEG", quality=75, subsampling=1)),
        ("420", encode(colour, "JPEG", quality=60, subsampling=2)),
        ("progressive", encode(colour, "JPEG", quality=80, progressive=True)),
        ("restart", encode(colour, "JPEG", quality=80, restart_marker_blocks=2)),
        ("rotated", encode(colour, "JPEG", quality=80, exif=rotated)),
        ("grey", encode(grey, "JPEG", quality=85)),
        ("png", encode(colour, "PNG")),
        ("png_alpha", encode(Image.fromarray(pattern(5, 6, 4)), "PNG")),
        ("png_palette", encode(colour.quantize(16), "PNG")),
        ("png_grey", encode(grey, "PNG")),
        ("webp_lossless", encode(colour, "WEBP", lossless=True)),
    ]


def main(shard, out):
    tensors = {}
    for name, file in [*first_files(shard), *patterns()]:
        image = Image.open(io.BytesIO(file))
        tensors[f"{name}/file"] = np.frombuffer(file, np.uint8)
        tensors[f"{name}/rgb"] = np.array(image.convert("RGB"))
        tensors[f"{name}/grey"] = np.array(image.convert("L"))[..., None]
    metadata = {
        "source": f"Pillow {PIL.__version__}, libjpeg-turbo {features.version_feature('libjpeg_turbo')}; CIFAR-10 test images",
        "commit": "none",
        "script": "tools/reference/jpeg_pixels.py",
        "dtype": "uint8",
        "config": json.dumps({}),
    }
    save_file(tensors, out, metadata)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: jpeg_pixels.py SHARD OUT")
    main(*sys.argv[1:])
