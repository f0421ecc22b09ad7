"""The step in TensorFlow: `tensorflow_step.py`, a tf.function as a graph, or `tensorflow_step.py xla`.

The whole batch goes through `tf.autodiff.ForwardAccumulator`, as in the published MeanFlow code.
"""

import math
import os
import sys

import peer

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    import tensorflow as tf
except ImportError as error:
    peer.absent(error)

XLA = "xla" in sys.argv[1:]


def dense(p, name, x):
    kernel, bias = p[name + ".kernel"], p[name + ".bias"]
    rows = tf.nn.bias_add(tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), kernel), bias)
    return tf.reshape(rows, [*x.shape[:-1], kernel.shape[1]])


def layer_norm(x):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    return centred * tf.math.rsqrt(tf.reduce_mean(centred * centred, -1, keepdims=True) + 1e-6)


def modulate(x, shift, scale):
    return layer_norm(x) * (1 + scale) + shift


def silu(x):
    return x * tf.sigmoid(x)


def gelu(x):
    return 0.5 * x * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def time_embedding(p, name, s):
    angles = s[:, None] * tf.exp(-math.log(10000) / 128 * tf.range(128, dtype=tf.float32))[None]
    features = tf.concat([tf.cos(angles), tf.sin(angles)], 1)
    return dense(p, name + ".mlp.2", silu(dense(p, name + ".mlp.0", features)))


def make_network(inputs):
    config = inputs.network
    heads, depth, patch, channels = (config[k] for k in ("numHeads", "depth", "patchSize", "channels"))
    rows, columns, length = inputs.patches
    positions = tf.constant(inputs["positions"])

    def attention(p, name, x):
        batch, tokens, width = x.shape
        qkv = tf.reshape(dense(p, name + ".qkv", x), [batch, tokens, 3, heads, width // heads])
        q, k, v = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]))
        weights = tf.nn.softmax(tf.matmul(q * (width // heads) ** -0.5, k, transpose_b=True))
        mixed = tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3])
        return dense(p, name + ".proj", tf.reshape(mixed, [batch, tokens, width]))

    def network(p, z, r, t, y):
        batch = z.shape[0]
        c = time_embedding(p, "tEmbedder", t) + time_embedding(p, "hEmbedder", t - r)
        condition = silu(c + tf.gather(p["yEmbedder.table"], y))
        # Strips of a patch's rows first: a transposition of rank 4 is faster than one of rank 6.
        cut = tf.transpose(tf.reshape(z, [batch * rows, patch, columns, patch * channels]), [0, 2, 1, 3])
        x = dense(p, "xEmbedder", tf.reshape(cut, [batch, rows * columns, length])) + positions
        for i in range(depth):
            block = f"blocks.{i}"
            parts = tf.split(dense(p, block + ".adaLN", condition)[:, None], 6, -1)
            shift1, scale1, gate1, shift2, scale2, gate2 = parts
            x = x + gate1 * attention(p, block + ".attn", modulate(x, shift1, scale1))
            hidden = gelu(dense(p, block + ".mlp.fc1", modulate(x, shift2, scale2)))
            x = x + gate2 * dense(p, block + ".mlp.fc2", hidden)
        shift, scale = tf.split(dense(p, "finalLayer.adaLN", condition)[:, None], 2, -1)
        out = dense(p, "finalLayer.linear", modulate(x, shift, scale))
        strips = tf.reshape(out, [batch * rows, columns, patch, patch * channels])
        return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), z.shape)

    return network


def make_loss(case, network, inputs):
    omega, kappa = inputs.guidance["omega"], inputs.guidance["kappa"]
    null = inputs.network["numClasses"]
    rows = lambda a: a[:, None, None, None]
    squared = lambda u, target: tf.reduce_sum(tf.square(u - target), [1, 2, 3])

    def guided_velocity(p, z, v, t, y, drop):
        unconditional = network(p, z, t, t, tf.fill(y.shape, null))
        conditional = network(p, z, t, t, y)
        guided = omega * v + (1 - omega - kappa) * unconditional + kappa * conditional
        return tf.stop_gradient(tf.where(rows(drop) > 0, v, guided))

    def loss(p, x, y, e, t, r, drop):
        z = (1 - rows(t)) * x + rows(t) * e
        v = e - x
        labels = tf.where(drop > 0, null, y)
        if case == "flow-matching":
            s = squared(network(p, z, t, t, labels), v)
            return tf.reduce_mean(s), tf.reduce_mean(s)
        if case == "meanflow-guided":
            v = guided_velocity(p, z, v, t, y, drop)
        with tf.autodiff.ForwardAccumulator([z, t], [v, tf.ones_like(t)]) as forward:
            u = network(p, z, r, t, labels)
        target = v - rows(tf.clip_by_value(t - r, 0, 1)) * forward.jvp(u)
        s = squared(u, tf.stop_gradient(target))
        return tf.reduce_mean(s / tf.stop_gradient(s + 0.01)), tf.reduce_mean(s)

    return loss


def setup(case, inputs):
    network = make_network(inputs)
    p = {name: tf.Variable(array) for name, array in inputs.weights().items()}
    x, y, e, t, r, drop = (tf.constant(inputs[name]) for name in ("x", "y", "e", "t", "r", "drop"))

    if case == "sampling":
        zeros, ones = tf.zeros_like(t), tf.ones_like(t)
        sample = tf.function(lambda e, y: e - network(p, e, zeros, ones, y), jit_compile=XLA)
        return lambda: sample(e, y).numpy()

    loss = make_loss(case, network, inputs)
    lr, b1, b2, epsilon, decay = (
        inputs.optimizer[k] for k in ("learningRate", "beta1", "beta2", "epsilon", "emaDecay")
    )
    zeros = lambda: {name: tf.Variable(tf.zeros_like(w)) for name, w in p.items()}
    first, second, ema = zeros(), zeros(), {name: tf.Variable(w) for name, w in p.items()}
    count = tf.Variable(0.0)

    @tf.function(jit_compile=XLA)
    def update(x, y, e, t, r, drop):
        with tf.GradientTape() as tape:
            weighted, raw = loss(p, x, y, e, t, r, drop)
        gradients = tape.gradient(weighted, p)
        k = count.assign_add(1.0)
        c1, c2 = 1 - tf.pow(b1, k), 1 - tf.pow(b2, k)
        for name, g in gradients.items():
            g = tf.convert_to_tensor(g)  # of the label table it is a sparse one
            m = first[name].assign(b1 * first[name] + (1 - b1) * g)
            v = second[name].assign(b2 * second[name] + (1 - b2) * g * g)
            w = p[name].assign_sub(lr * (m / c1) / (tf.sqrt(v / c2) + epsilon))
            ema[name].assign(decay * ema[name] + (1 - decay) * w)
        return raw

    return lambda: update(x, y, e, t, r, drop).numpy()


def product(a, b, transpose_a, transpose_b):
    a, b = tf.constant(a), tf.constant(b)
    multiply = tf.function(
        lambda a, b: tf.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b), jit_compile=XLA
    )
    return lambda: multiply(a, b)


threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
peer.serve({"TensorFlow": tf.__version__, "threads": str(threads)}, setup, product)
