"""The step in PyTorch: `torch_step.py`, with `compile` for torch.compile, with `cuda` on a GPU.

The whole batch goes through `torch.func.jvp`, as in the published MeanFlow code. Attention is the fused kernel wherever
no forward-mode derivative is taken, for the kernel has none.
"""

import math
import sys

import peer

try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    peer.absent(error)

COMPILE = "compile" in sys.argv[1:]
CUDA = "cuda" in sys.argv[1:]
if CUDA:
    if not torch.cuda.is_available():
        peer.missing("PyTorch finds no CUDA device")
    torch.set_default_device("cuda")
    torch.set_float32_matmul_precision("highest")


def layer_norm(x):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6)


def modulate(x, shift, scale):
    return layer_norm(x) * (1 + scale) + shift


def plain_attention(q, k, v):
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2), -1) @ v


def make_network(inputs):
    config = inputs.network
    heads, depth, patch, channels = (config[k] for k in ("numHeads", "depth", "patchSize", "channels"))
    rows, columns, length = inputs.patches
    positions = torch.tensor(inputs["positions"])
    frequencies = torch.exp(-math.log(10000) / 128 * torch.arange(128))

    def dense(p, name, x):
        return F.linear(x, p[name + ".kernel"], p[name + ".bias"])

    def time_embedding(p, name, s):
        angles = s[:, None] * frequencies[None]
        features = torch.cat([angles.cos(), angles.sin()], 1)
        return dense(p, name + ".mlp.2", F.silu(dense(p, name + ".mlp.0", features)))

    def attention(p, name, x, mix):
        batch, tokens, width = x.shape
        qkv = dense(p, name + ".qkv", x).reshape(batch, tokens, 3, heads, width // heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return dense(p, name + ".proj", mix(q, k, v).transpose(1, 2).reshape(batch, tokens, width))

    def network(p, z, r, t, y, mix):
        batch = z.shape[0]
        c = time_embedding(p, "tEmbedder", t) + time_embedding(p, "hEmbedder", t - r)
        condition = F.silu(c + F.embedding(y, p["yEmbedder.table"]))
        cut = z.reshape(batch, rows, patch, columns, patch, channels).transpose(2, 3)
        x = dense(p, "xEmbedder", cut.reshape(batch, rows * columns, length)) + positions
        for i in range(depth):
            block = f"blocks.{i}"
            parts = dense(p, block + ".adaLN", condition)[:, None].chunk(6, -1)
            shift1, scale1, gate1, shift2, scale2, gate2 = parts
            x = x + gate1 * attention(p, block + ".attn", modulate(x, shift1, scale1), mix)
            hidden = F.gelu(dense(p, block + ".mlp.fc1", modulate(x, shift2, scale2)), approximate="tanh")
            x = x + gate2 * dense(p, block + ".mlp.fc2", hidden)
        shift, scale = dense(p, "finalLayer.adaLN", condition)[:, None].chunk(2, -1)
        out = dense(p, "finalLayer.linear", modulate(x, shift, scale))
        joined = out.reshape(batch, rows, columns, patch, patch, channels).transpose(2, 3)
        return joined.reshape(z.shape)

    return network


def make_loss(case, network, inputs):
    omega, kappa = inputs.guidance["omega"], inputs.guidance["kappa"]
    null = inputs.network["numClasses"]
    rows = lambda a: a[:, None, None, None]
    squared = lambda u, target: ((u - target) ** 2).sum((1, 2, 3))
    fused = F.scaled_dot_product_attention

    def guided_velocity(p, z, v, t, y, drop):
        with torch.no_grad():
            unconditional = network(p, z, t, t, torch.full_like(y, null), fused)
            conditional = network(p, z, t, t, y, fused)
            guided = omega * v + (1 - omega - kappa) * unconditional + kappa * conditional
            return torch.where(rows(drop) > 0, v, guided)

    def loss(p, x, y, e, t, r, drop):
        z = (1 - rows(t)) * x + rows(t) * e
        v = e - x
        labels = torch.where(drop > 0, null, y)
        if case == "flow-matching":
            s = squared(network(p, z, t, t, labels, fused), v)
            return s.mean(), s.detach().mean()
        if case == "meanflow-guided":
            v = guided_velocity(p, z, v, t, y, drop)
        evaluate = lambda z, r, t: network(p, z, r, t, labels, plain_attention)
        u, dudt = torch.func.jvp(evaluate, (z, r, t), (v, torch.zeros_like(r), torch.ones_like(t)))
        target = (v - rows((t - r).clamp(0, 1)) * dudt).detach()
        s = squared(u, target)
        return (s / (s.detach() + 0.01)).mean(), s.detach().mean()

    return torch.compile(loss) if COMPILE else loss


def setup(case, inputs):
    torch.manual_seed(0)
    network = make_network(inputs)
    # The layout of torch.nn.Linear, [out, in].
    turned = {n: a.T.copy() if n.endswith(".kernel") else a.copy() for n, a in inputs.weights().items()}
    p = {name: torch.nn.Parameter(torch.tensor(array)) for name, array in turned.items()}
    x, e, t, r, drop = (torch.tensor(inputs[name]) for name in ("x", "e", "t", "r", "drop"))
    y = torch.tensor(inputs["y"]).long()

    if case == "sampling":
        r, t = torch.zeros(len(e)), torch.ones(len(e))
        evaluate = lambda z, y: z - network(p, z, r, t, y, F.scaled_dot_product_attention)
        run = torch.compile(evaluate) if COMPILE else evaluate

        def sample():
            with torch.inference_mode():
                return run(e, y).cpu().numpy()

        return sample

    loss = make_loss(case, network, inputs)
    o = inputs.optimizer
    weights = list(p.values())
    ema = [w.detach().clone() for w in weights]
    adam = torch.optim.Adam(weights, o["learningRate"], (o["beta1"], o["beta2"]), o["epsilon"], fused=True)

    def step():
        weighted, raw = loss(p, x, y, e, t, r, drop)
        adam.zero_grad(set_to_none=True)
        weighted.backward()
        adam.step()
        with torch.no_grad():
            torch._foreach_lerp_(ema, weights, 1 - o["emaDecay"])
        if CUDA:
            torch.cuda.synchronize()
        return raw.cpu().numpy()

    return step


def product(a, b, transpose_a, transpose_b):
    a, b = torch.tensor(a), torch.tensor(b)
    a = a.transpose(-1, -2) if transpose_a else a
    b = b.transpose(-1, -2) if transpose_b else b

    def run():
        torch.matmul(a, b)
        if CUDA:
            torch.cuda.synchronize()

    return run


where = {"GPU": torch.cuda.get_device_name()} if CUDA else {"threads": str(torch.get_num_threads())}
peer.serve({"PyTorch": torch.__version__, **where}, setup, product)
