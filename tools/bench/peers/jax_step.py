"""The step in JAX, jitted: `jax_step.py`, or `jax_step.py split`.

By default the whole batch goes through `jax.jvp`, as in the published MeanFlow code; with `split` only the rows with
r < t do, as ours.
"""

import math
import os
import sys

import peer

try:
    import jax
    import jax.numpy as jnp
    import jaxlib
except ImportError as error:
    peer.absent(error)

import numpy as np

SPLIT = "split" in sys.argv[1:]
try:
    DEVICE = jax.devices()[0]
except Exception as error:  # JAX_PLATFORMS names one that is not there; JAX may only assert so
    peer.missing(f"JAX finds no device: {str(error) or os.environ.get('JAX_PLATFORMS')}".splitlines()[0][:200])


def dense(p, name, x):
    return x @ p[name + ".kernel"] + p[name + ".bias"]


def layer_norm(x):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-6)


def modulate(x, shift, scale):
    return layer_norm(x) * (1 + scale) + shift


def time_embedding(p, name, s):
    half = 128
    angles = s[:, None] * jnp.exp(-math.log(10000) / half * jnp.arange(half))[None]
    features = jnp.concatenate([jnp.cos(angles), jnp.sin(angles)], 1)
    return dense(p, name + ".mlp.2", jax.nn.silu(dense(p, name + ".mlp.0", features)))


def make_network(inputs):
    config = inputs.network
    heads, depth, patch, channels = (config[k] for k in ("numHeads", "depth", "patchSize", "channels"))
    rows, columns, length = inputs.patches
    positions = jnp.asarray(inputs["positions"])

    def attention(p, name, x):
        batch, tokens, width = x.shape
        qkv = dense(p, name + ".qkv", x).reshape(batch, tokens, 3, heads, width // heads)
        q, k, v = qkv.transpose(2, 0, 3, 1, 4)
        weights = jax.nn.softmax((q * (width // heads) ** -0.5) @ k.swapaxes(-1, -2))
        return dense(p, name + ".proj", (weights @ v).swapaxes(1, 2).reshape(batch, tokens, width))

    def network(p, z, r, t, y):
        batch = z.shape[0]
        c = time_embedding(p, "tEmbedder", t) + time_embedding(p, "hEmbedder", t - r) + p["yEmbedder.table"][y]
        condition = jax.nn.silu(c)
        cut = z.reshape(batch, rows, patch, columns, patch, channels).swapaxes(2, 3)
        x = dense(p, "xEmbedder", cut.reshape(batch, rows * columns, length)) + positions
        for i in range(depth):
            block = f"blocks.{i}"
            shift1, scale1, gate1, shift2, scale2, gate2 = jnp.split(
                dense(p, block + ".adaLN", condition)[:, None], 6, -1
            )
            x = x + gate1 * attention(p, block + ".attn", modulate(x, shift1, scale1))
            hidden = jax.nn.gelu(dense(p, block + ".mlp.fc1", modulate(x, shift2, scale2)), approximate=True)
            x = x + gate2 * dense(p, block + ".mlp.fc2", hidden)
        shift, scale = jnp.split(dense(p, "finalLayer.adaLN", condition)[:, None], 2, -1)
        out = dense(p, "finalLayer.linear", modulate(x, shift, scale))
        joined = out.reshape(batch, rows, columns, patch, patch, channels).swapaxes(2, 3)
        return joined.reshape(z.shape)

    return network


def make_loss(case, network, inputs):
    omega, kappa = inputs.guidance["omega"], inputs.guidance["kappa"]
    null = inputs.network["numClasses"]
    instant = inputs.instant_rows
    rows = lambda a: a[:, None, None, None]
    squared = lambda u, target: ((u - target) ** 2).sum((1, 2, 3))

    def target_by_jvp(p, z, v, r, t, y):
        ones, zeros = jnp.ones_like(t), jnp.zeros_like(r)
        u, dudt = jax.jvp(lambda z, r, t: network(p, z, r, t, y), (z, r, t), (v, zeros, ones))
        return u, v - rows(jnp.clip(t - r, 0, 1)) * dudt

    def mean_flow(p, z, v, r, t, y):
        if not SPLIT:
            return target_by_jvp(p, z, v, r, t, y)
        first = network(p, z[:instant], t[:instant], t[:instant], y[:instant])
        u, target = target_by_jvp(p, *(a[instant:] for a in (z, v, r, t, y)))
        return jnp.concatenate([first, u]), jnp.concatenate([v[:instant], target])

    def loss(p, x, y, e, t, r, drop):
        z = (1 - rows(t)) * x + rows(t) * e
        v = e - x
        labels = jnp.where(drop > 0, null, y)
        if case == "flow-matching":
            s = squared(network(p, z, t, t, labels), v)
            return s.mean(), s.mean()
        if case == "meanflow-guided":
            fixed = jax.lax.stop_gradient(p)
            unconditional = network(fixed, z, t, t, jnp.full_like(y, null))
            conditional = network(fixed, z, t, t, y)
            guided = omega * v + (1 - omega - kappa) * unconditional + kappa * conditional
            v = jnp.where(rows(drop) > 0, v, guided)
        u, target = mean_flow(p, z, v, r, t, labels)
        s = squared(u, jax.lax.stop_gradient(target))
        return (s / jax.lax.stop_gradient(s + 0.01)).mean(), s.mean()

    return loss


def make_update(loss, optimizer):
    lr, b1, b2, epsilon, decay = (optimizer[k] for k in ("learningRate", "beta1", "beta2", "epsilon", "emaDecay"))
    map_ = jax.tree_util.tree_map

    def update(state, *batch):
        p, ema, m, v, count = state
        (_, raw), g = jax.value_and_grad(loss, has_aux=True)(p, *batch)
        count = count + 1
        m = map_(lambda m, g: b1 * m + (1 - b1) * g, m, g)
        v = map_(lambda v, g: b2 * v + (1 - b2) * g * g, v, g)
        c1, c2 = 1 - b1**count, 1 - b2**count
        p = map_(lambda p, m, v: p - lr * (m / c1) / (jnp.sqrt(v / c2) + epsilon), p, m, v)
        ema = map_(lambda ema, p: decay * ema + (1 - decay) * p, ema, p)
        return (p, ema, m, v, count), raw

    return jax.jit(update, donate_argnums=0)


def setup(case, inputs):
    network = make_network(inputs)
    p = {name: jnp.asarray(array) for name, array in inputs.weights().items()}
    if case == "sampling":
        e, y = jnp.asarray(inputs["e"]), jnp.asarray(inputs["y"])
        ones = jnp.ones(e.shape[0])
        draw = jax.jit(lambda p, e, y: e - network(p, e, 0 * ones, ones, y))
        return lambda: np.asarray(draw(p, e, y))

    update = make_update(make_loss(case, network, inputs), inputs.optimizer)
    batch = [jnp.asarray(inputs[name]) for name in ("x", "y", "e", "t", "r", "drop")]
    copies = lambda f: {name: f(array) for name, array in p.items()}
    state = (p, copies(jnp.copy), copies(jnp.zeros_like), copies(jnp.zeros_like), jnp.zeros(()))

    def step():
        nonlocal state
        state, raw = update(state, *batch)
        jax.block_until_ready(state)
        return np.asarray(raw)

    return step


def product(a, b, transpose_a, transpose_b):
    a, b = jnp.asarray(a), jnp.asarray(b)
    turn = lambda x, turned: x.swapaxes(-1, -2) if turned else x
    multiply = jax.jit(lambda a, b: turn(a, transpose_a) @ turn(b, transpose_b))
    return lambda: multiply(a, b).block_until_ready()


versions = {"JAX": jax.__version__, "jaxlib": jaxlib.__version__, "device": DEVICE.device_kind}
peer.serve(versions, setup, product)
