import { jit, jvp, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import type { CaseName } from '../cases';
import type { Inputs } from '../inputs';
import type { Step } from '../stepProgram';

// The step in jax-js, under one jit. Only the rows with r < t are under jvp: with all of them, as in the published code,
// the step of the small network needs more than the 4 GiB that WebAssembly can address. Functions of jax-js take over what
// they are given: `x.ref` is x for one more use. Weights are borrowed here, so that each use of one is a `.ref`.

type Arrays = Record<string, np.Array>;
/** z, r, t and one-hot labels are taken over, weights borrowed. */
type Network = (p: Arrays, z: np.Array, r: np.Array, t: np.Array, y: np.Array) => np.Array;

function mapArrays(f: (array: np.Array) => np.Array, arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, f(array)]));
}

function weightOf(p: Arrays, name: string): np.Array {
  const weight = p[name];
  if (weight === undefined) throw new Error(`internal: no weight ${name}.`);
  return weight.ref;
}

function dense(p: Arrays, name: string, x: np.Array): np.Array {
  const shape = x.shape.slice(0, -1);
  const y = np.dot(x.reshape([-1, x.shape.at(-1) ?? 1]), weightOf(p, `${name}.kernel`));
  return y.add(weightOf(p, `${name}.bias`)).reshape([...shape, -1]);
}

function modulate(x: np.Array, shift: np.Array, scale: np.Array): np.Array {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred
    .div(np.sqrt(variance.add(1e-6)))
    .mul(scale.add(1))
    .add(shift);
}

function timeEmbedding(p: Arrays, name: string, s: np.Array): np.Array {
  const frequencies = np.exp(
    np
      .arange(128)
      .astype(np.float32)
      .mul(-Math.log(10000) / 128),
  );
  const angles = s.reshape([-1, 1]).mul(frequencies.reshape([1, 128]));
  const features = np.concatenate([np.cos(angles.ref), np.sin(angles)], 1);
  return dense(p, `${name}.mlp.2`, nn.silu(dense(p, `${name}.mlp.0`, features)));
}

function makeNetwork({ config, tensors }: Inputs): Network {
  const { patchSize: patch, channels, depth, hiddenSize: width, numHeads: heads } = config.network;
  const [rows, columns, length] = config.patches;
  const tokens = rows * columns;
  const positions = tensors['positions']?.data as Float32Array;

  const attention = (p: Arrays, name: string, x: np.Array) => {
    const batch = x.shape[0] ?? 1;
    const qkv = dense(p, `${name}.qkv`, x).reshape([batch, tokens, 3, heads, width / heads]);
    const parts = np.split(qkv.transpose([2, 0, 3, 1, 4]), 3, 0);
    const [q, k, v] = parts.map((part) => part.reshape([batch, heads, tokens, width / heads])) as [
      np.Array,
      np.Array,
      np.Array,
    ];
    const scores = np.matmul(q.mul((width / heads) ** -0.5), k.transpose([0, 1, 3, 2]));
    const mixed = np.matmul(nn.softmax(scores), v).transpose([0, 2, 1, 3]);
    return dense(p, `${name}.proj`, mixed.reshape([batch, tokens, width]));
  };
  const modulations = (p: Arrays, name: string, condition: np.Array, parts: number) =>
    np.split(dense(p, `${name}.adaLN`, condition).reshape([-1, 1, parts * width]), parts, -1);

  return (p, z, r, t, y) => {
    const shape = z.shape;
    const batch = shape[0] ?? 1;
    const time = timeEmbedding(p, 'tEmbedder', t.ref);
    const interval = timeEmbedding(p, 'hEmbedder', t.sub(r));
    const condition = nn.silu(time.add(interval).add(np.dot(y, weightOf(p, 'yEmbedder.table'))));
    const strips = z.reshape([batch * rows, patch, columns, patch * channels]).transpose([0, 2, 1, 3]);
    const table = np.array(positions).reshape([1, tokens, width]);
    let x = dense(p, 'xEmbedder', strips.reshape([batch, tokens, length])).add(table);
    for (let i = 0; i < depth; i++) {
      const block = `blocks.${i}`;
      const parts = modulations(p, block, condition.ref, 6);
      const [shift1, scale1, gate1, shift2, scale2, gate2] = parts as [
        np.Array,
        np.Array,
        np.Array,
        np.Array,
        np.Array,
        np.Array,
      ];
      x = x.ref.add(gate1.mul(attention(p, `${block}.attn`, modulate(x, shift1, scale1))));
      const hidden = nn.gelu(dense(p, `${block}.mlp.fc1`, modulate(x.ref, shift2, scale2)));
      x = x.add(gate2.mul(dense(p, `${block}.mlp.fc2`, hidden)));
    }
    const [shift, scale] = modulations(p, 'finalLayer', condition, 2) as [np.Array, np.Array];
    const out = dense(p, 'finalLayer.linear', modulate(x, shift, scale));
    const joined = out.reshape([batch * rows, columns, patch, patch * channels]).transpose([0, 2, 1, 3]);
    return joined.reshape(shape);
  };
}

/** Data, noise, times and labels of a step; labels are one-hot rows, of which `y` has dropped ones replaced. */
type Batch = Record<'x' | 'e' | 't' | 'r' | 'keep' | 'y' | 'yTrue' | 'yNull', np.Array>;

const expand = (rows: np.Array) => rows.reshape([-1, 1, 1, 1]);
const squaredError = (u: np.Array, target: np.Array) => np.sum(np.square(u.sub(target)), [1, 2, 3]);

const firstRows = (x: np.Array, count: number) => x.slice([0, count]);
const lastRows = (x: np.Array, count: number) => x.slice([count, x.shape[0] ?? 0]);
const splitRows = (x: np.Array, count: number) => [firstRows(x.ref, count), lastRows(x, count)] as const;

/** Loss and, unweighted, its squared error; takes over everything. */
function makeLoss(name: CaseName, network: Network, { config }: Inputs) {
  const { instantRows } = config;
  const { omega, kappa } = config.guidance;
  const guided = (p: Arrays, { t, keep, yTrue, yNull }: Batch, z: np.Array, v: np.Array) => {
    const fixed = mapArrays((weight) => lax.stopGradient(weight.ref), p);
    const without = network(fixed, z.ref, t.ref, t.ref, yNull.ref).mul(1 - omega - kappa);
    const mixed = without.add(network(fixed, z, t.ref, t.ref, yTrue.ref).mul(kappa)).add(v.ref.mul(omega));
    tree.dispose(fixed);
    const kept = expand(keep.ref);
    return lax.stopGradient(kept.ref.mul(mixed).add(v.mul(np.subtract(1, kept))));
  };
  return (p: Arrays, batch: Batch): [np.Array, np.Array] => {
    const { x, e, t, r, y } = batch;
    const tRows = expand(t.ref);
    const z = x.ref.mul(np.subtract(1, tRows.ref)).add(tRows.mul(e.ref));
    let v = e.ref.sub(x.ref);
    let s: np.Array;
    if (name === 'flow-matching') {
      s = squaredError(network(p, z, t.ref, t.ref, y.ref), v);
    } else {
      if (name === 'meanflow-guided') v = guided(p, batch, z.ref, v);
      const [z0, z1] = splitRows(z, instantRows);
      const [v0, v1] = splitRows(v, instantRows);
      const [t0, t1] = splitRows(t.ref, instantRows);
      const [y0, y1] = splitRows(y.ref, instantRows);
      const r1 = lastRows(r.ref, instantRows);
      const evaluate = (zi: np.Array, ri: np.Array, ti: np.Array) => network(p, zi, ri, ti, y1.ref);
      const tangents = [v1.ref, np.zerosLike(r1.ref), np.onesLike(t1.ref)];
      const [u, dudt] = jvp(evaluate, [z1, r1.ref, t1.ref], tangents as [np.Array, np.Array, np.Array]);
      y1.dispose();
      const target = v1.sub(expand(np.clip(t1.sub(r1), 0, 1)).mul(dudt));
      const first = squaredError(network(p, z0, t0.ref, t0, y0), v0);
      s = np.concatenate([first, squaredError(u, lax.stopGradient(target))]);
    }
    tree.dispose(p);
    tree.dispose(batch);
    const raw = np.mean(lax.stopGradient(s.ref));
    if (name === 'flow-matching') return [np.mean(s), raw];
    return [np.mean(s.ref.div(lax.stopGradient(s.add(0.01)))), raw];
  };
}

/** Everything that training changes. */
type State = Record<'p' | 'ema' | 'm' | 'v', Arrays>;

function makeUpdate(name: CaseName, network: Network, inputs: Inputs) {
  const { learningRate, beta1, beta2, epsilon, emaDecay } = inputs.config.optimizer;
  const loss = makeLoss(name, network, inputs);
  const update = (state: State, batch: Batch, c1: np.Array, c2: np.Array) => {
    const [[weighted, raw], g] = valueAndGrad(loss, { hasAux: true })(
      tree.ref(state.p),
      batch,
    ) as unknown as [[np.Array, np.Array], Arrays];
    weighted.dispose();
    const next: State = { p: {}, ema: {}, m: {}, v: {} };
    for (const [key, gradient] of Object.entries(g)) {
      const [w, ema, m, v] = [state.p, state.ema, state.m, state.v].map((part) => part[key]) as [
        np.Array,
        np.Array,
        np.Array,
        np.Array,
      ];
      const mNew = m.mul(beta1).add(gradient.ref.mul(1 - beta1));
      const vNew = v.mul(beta2).add(np.square(gradient).mul(1 - beta2));
      const deviation = np.sqrt(vNew.ref.div(c2.ref)).add(epsilon);
      const wNew = w.sub(mNew.ref.div(c1.ref).div(deviation).mul(learningRate));
      next.ema[key] = ema.mul(emaDecay).add(wNew.ref.mul(1 - emaDecay));
      next.p[key] = wNew;
      next.m[key] = mNew;
      next.v[key] = vNew;
    }
    tree.dispose([c1, c2]);
    return [next, raw] as [State, np.Array];
  };
  return jit(update);
}

function arrayOf({ tensors }: Inputs, name: string): np.Array {
  const { shape, data } = tensors[name] ?? { shape: [], data: new Float32Array() };
  return np.array(data).reshape([...shape]);
}

function weightsOf(inputs: Inputs): Arrays {
  const prefix = 'weights/';
  const names = Object.keys(inputs.tensors).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), arrayOf(inputs, name)]));
}

/** Labels as rows of a one-hot matrix: the lookup as a product. */
function oneHot({ config, tensors }: Inputs, labelOf: (label: number, row: number) => number): np.Array {
  const classes = config.network.numClasses + 1;
  const labels = tensors['y']?.data as Int32Array;
  const rows = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) rows[row * classes + labelOf(label, row)] = 1;
  return np.array(rows).reshape([labels.length, classes]);
}

function batchOf(inputs: Inputs): Batch {
  const drop = inputs.tensors['drop']?.data as Float32Array;
  const { numClasses } = inputs.config.network;
  return {
    x: arrayOf(inputs, 'x'),
    e: arrayOf(inputs, 'e'),
    t: arrayOf(inputs, 't'),
    r: arrayOf(inputs, 'r'),
    keep: np.array(drop.map((dropped) => 1 - dropped)),
    y: oneHot(inputs, (label, row) => (drop[row] === 1 ? numClasses : label)),
    yTrue: oneHot(inputs, (label) => label),
    yNull: oneHot(inputs, () => numClasses),
  };
}

function trainingStep(name: CaseName, inputs: Inputs): Step {
  const { beta1, beta2 } = inputs.config.optimizer;
  const update = makeUpdate(name, makeNetwork(inputs), inputs);
  const batch = batchOf(inputs);
  const zeros = () => mapArrays((w) => np.zerosLike(w), weightsOf(inputs));
  let state: State = { p: weightsOf(inputs), ema: weightsOf(inputs), m: zeros(), v: zeros() };
  let count = 0;
  return async () => {
    count += 1;
    const corrections = [1 - beta1 ** count, 1 - beta2 ** count].map((c) => np.array([c]).reshape([]));
    const [c1, c2] = corrections as [np.Array, np.Array];
    const [next, raw] = update(state, tree.ref(batch), c1, c2);
    state = next;
    for (const array of tree.leaves<np.Array>(state)) await array.blockUntilReady();
    const [value = NaN] = (await raw.data()) as Float32Array;
    return value;
  };
}

function samplingStep(inputs: Inputs): Step {
  const network = makeNetwork(inputs);
  const p = weightsOf(inputs);
  const { e, y } = { e: arrayOf(inputs, 'e'), y: oneHot(inputs, (label) => label) };
  const sample = jit((weights: Arrays, z: np.Array, labels: np.Array) => {
    const ones = np.ones([z.shape[0] ?? 1]);
    const drawn = z.ref.sub(network(weights, z, np.zerosLike(ones.ref), ones, labels));
    tree.dispose(weights);
    return drawn;
  });
  return async () => (await sample(tree.ref(p), e.ref, y.ref).data()) as Float32Array;
}

/** The step of a case in jax-js on its default device, in Node or in a browser. */
export function jaxJsStep(name: CaseName, inputs: Inputs): Step {
  return name === 'sampling' ? samplingStep(inputs) : trainingStep(name, inputs);
}
