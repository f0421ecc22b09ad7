"""Writes the sampler of the bench as an ONNX file: z - u(z, 0, 1, y), with the weights of the inputs.

    python write_onnx.py INPUTS.safetensors OUT.onnx [fused]

Standard operators of opset 20; with `fused`, attention and GELU are those of onnxruntime (com.microsoft). Tokens are a
matrix wherever they meet one, so that every layer is one Gemm. Needs no package: ONNX is protocol buffers, which take a
few lines to write.
"""

import json
import struct
import sys

FLOAT, INT32, INT64 = 1, 6, 7


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1  # negative numbers are 64-bit
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    config = json.loads(header.pop("__metadata__")["config"])
    tensors = {name: (info["shape"], data[slice(*info["data_offsets"])]) for name, info in header.items()}
    return config, tensors


class Graph:
    """Nodes and constants in the order in which they are made; each method returns the name of a result."""

    def __init__(self):
        self.nodes, self.constants, self.names = [], {}, 0

    def name(self):
        self.names += 1
        return f"v{self.names}"

    def constant(self, name, shape, data, kind=FLOAT):
        dims = b"".join(number(1, size) for size in shape)
        self.constants[name] = block(5, dims + number(2, kind) + block(8, name) + block(9, data))
        return name

    def floats(self, name, shape, values):
        return self.constant(name, shape, struct.pack(f"<{len(values)}f", *values))

    def ints(self, values):
        name = "i" + "_".join(str(value) for value in values)
        return self.constant(name, [len(values)], struct.pack(f"<{len(values)}q", *values), INT64)

    def node(self, kind, *inputs, outputs=1, domain="", **attributes):
        results = [self.name() for _ in range(outputs)]
        parts = [block(1, name) for name in inputs] + [block(2, name) for name in results] + [block(4, kind)]
        for key, value in attributes.items():
            if isinstance(value, float):
                content = varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
            elif isinstance(value, int):
                content = number(3, value) + number(20, 2)
            elif isinstance(value, str):
                content = block(4, value) + number(20, 3)
            else:
                content = b"".join(number(8, item) for item in value) + number(20, 7)
            parts.append(block(5, block(1, key) + content))
        if domain:
            parts.append(block(7, domain))
        self.nodes.append(block(1, b"".join(parts)))
        return results[0] if outputs == 1 else results

    def reshape(self, x, *shape):
        return self.node("Reshape", x, self.ints(shape))

    def transpose(self, x, *perm):
        return self.node("Transpose", x, perm=perm)

    def split(self, x, parts, size, axis):
        return self.node("Split", x, self.ints([size] * parts), outputs=parts, axis=axis)


def value_info(field, name, kind, shape):
    dims = b"".join(block(1, number(1, size)) for size in shape)
    tensor = number(1, kind) + block(2, dims)
    return block(field, block(1, name) + block(2, block(1, tensor)))


def build(config, tensors, fused):
    network, batch = config["network"], config["batch"]
    side, channels, patch = network["inputSize"], network["channels"], network["patchSize"]
    width, heads, depth = network["hiddenSize"], network["numHeads"], network["depth"]
    rows, columns, length = config["patches"]
    tokens = rows * columns
    g = Graph()

    def weight(name):
        return g.constant(name, *tensors[f"weights/{name}"])

    def dense(name, x):
        return g.node("Gemm", x, weight(f"{name}.kernel"), weight(f"{name}.bias"))

    def silu(x):
        return g.node("Mul", x, g.node("Sigmoid", x))

    def gelu(x):
        if fused:
            return g.node("FastGelu", x, domain="com.microsoft")
        return g.node("Gelu", x, approximate="tanh")

    def time_embedding(name, s):
        frequencies = g.floats("frequencies", [1, 128], [10000 ** (-k / 128) for k in range(128)])
        angles = g.node("Mul", g.reshape(s, batch, 1), frequencies)
        features = g.node("Concat", g.node("Cos", angles), g.node("Sin", angles), axis=1)
        return dense(f"{name}.mlp.2", silu(dense(f"{name}.mlp.0", features)))

    def modulations(name, condition, parts):
        flat = g.split(dense(f"{name}.adaLN", condition), parts, width, 1)
        return [g.reshape(part, batch, 1, width) for part in flat]

    def modulate(x, shift, scale):
        normal = g.node(
            "LayerNormalization", x, g.floats("ones", [width], [1.0] * width), axis=-1, epsilon=1e-6
        )
        scaled = g.node("Mul", normal, g.node("Add", scale, g.floats("one", [1], [1.0])))
        return g.reshape(g.node("Add", scaled, shift), batch * tokens, width)

    def attention(name, x):
        qkv = g.split(g.reshape(dense(f"{name}.qkv", x), batch, tokens, 3 * width), 3, width, 2)
        if fused:
            mixed = g.node("MultiHeadAttention", *qkv, domain="com.microsoft", num_heads=heads)
        else:
            q, k, v = (g.reshape(part, batch, tokens, heads, width // heads) for part in qkv)
            scale = g.floats("scale", [1], [(width // heads) ** -0.5])
            q = g.node("Mul", g.transpose(q, 0, 2, 1, 3), scale)
            scores = g.node("MatMul", q, g.transpose(k, 0, 2, 3, 1))
            mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), g.transpose(v, 0, 2, 1, 3))
            mixed = g.transpose(mixed, 0, 2, 1, 3)
        return as_tokens(dense(f"{name}.proj", g.reshape(mixed, batch * tokens, width)))

    def as_tokens(x):
        return g.reshape(x, batch, tokens, -1)

    label = g.node("Gather", weight("yEmbedder.table"), "y", axis=0)
    time = g.node("Add", time_embedding("tEmbedder", "t"), time_embedding("hEmbedder", "h"))
    condition = silu(g.node("Add", time, label))
    strips = g.transpose(g.reshape("z", batch * rows, patch, columns, patch * channels), 0, 2, 1, 3)
    embedded = as_tokens(dense("xEmbedder", g.reshape(strips, batch * tokens, length)))
    x = g.node("Add", embedded, g.constant("positions", [1, tokens, width], tensors["positions"][1]))
    for i in range(depth):
        name = f"blocks.{i}"
        shift1, scale1, gate1, shift2, scale2, gate2 = modulations(name, condition, 6)
        attended = attention(f"{name}.attn", modulate(x, shift1, scale1))
        x = g.node("Add", x, g.node("Mul", gate1, attended))
        hidden = gelu(dense(f"{name}.mlp.fc1", modulate(x, shift2, scale2)))
        x = g.node("Add", x, g.node("Mul", gate2, as_tokens(dense(f"{name}.mlp.fc2", hidden))))
    shift, scale = modulations("finalLayer", condition, 2)
    out = dense("finalLayer.linear", modulate(x, shift, scale))
    joined = g.transpose(g.reshape(out, batch * rows, columns, patch, patch * channels), 0, 2, 1, 3)
    u = g.reshape(joined, batch, side, side, channels)
    samples = g.node("Sub", "z", u)

    image = [batch, side, side, channels]
    infos = [
        value_info(11, "z", FLOAT, image),
        value_info(11, "t", FLOAT, [batch]),
        value_info(11, "h", FLOAT, [batch]),
        value_info(11, "y", INT32, [batch]),
        value_info(12, samples, FLOAT, image),
    ]
    graph = b"".join([*g.nodes, block(2, "sampler"), *g.constants.values(), *infos])
    opsets = block(8, block(1, "") + number(2, 20)) + block(8, block(1, "com.microsoft") + number(2, 1))
    return number(1, 9) + block(2, "write_onnx.py") + block(7, graph) + opsets


if __name__ == "__main__":
    inputs, out, *flags = sys.argv[1:]
    model = build(*read_safetensors(inputs), fused="fused" in flags)
    with open(out, "wb") as file:
        file.write(model)
