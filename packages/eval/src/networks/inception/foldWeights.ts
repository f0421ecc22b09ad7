import { inceptionConvolutions, inceptionLayout, INCEPTION_CLASSES, INCEPTION_FEATURES } from './layout';

/** A float32 array with its shape. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors of a weights file by name. */
export type StateDict = Readonly<Record<string, HostArray>>;

const EPSILON = 0.001;

/** What real checkpoints hold besides: counters of the training, and the head that helped it. */
const ignored = /\.num_batches_tracked$|^AuxLogits\./;

/**
 * Checks that tensors are those of the FID Inception network.
 *
 * @throws Error, one sentence with the first that is missing, unexpected or of another shape.
 */
export function checkStateDict(caller: string, tensors: StateDict): void {
  const fail = (what: string): never => {
    throw new Error(
      `${caller}: the weights must be those of the FID Inception network, but ${what}. Likely fix: take pt_inception-2015-12-05-6726825d.pth, or what the converter made of it.`,
    );
  };
  const layout = inceptionLayout();
  for (const { name, shape } of layout) {
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (found === undefined) return fail(`${name} is missing`);
    if (found.shape.join() !== shape.join())
      fail(`${name} is [${found.shape.join(', ')}] instead of [${shape.join(', ')}]`);
  }
  const names = new Set(layout.map(({ name }) => name));
  const unexpected = Object.keys(tensors).find((name) => !names.has(name) && !ignored.test(name));
  if (unexpected !== undefined) fail(`there is also ${unexpected}`);
}

/** Leaves out what {@link checkStateDict} ignores. */
export function withoutIgnored<T>(tensors: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !ignored.test(name)));
}

/** [out, in, height, width] with a factor for each output, as [height, width, in, out]. */
function foldedKernel(
  data: Float32Array,
  [to, from, height, width]: readonly [number, number, number, number],
  factors: Float64Array,
): Float32Array {
  const folded = new Float32Array(data.length);
  const area = height * width;
  let at = 0;
  for (let o = 0; o < to; o++) {
    const factor = factors[o] ?? 0;
    for (let i = 0; i < from; i++)
      for (let p = 0; p < area; p++) folded[(p * from + i) * to + o] = (data[at++] ?? 0) * factor;
  }
  return folded;
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c] ?? 0;
  return result;
}

/**
 * The weights of inference: each batch normalisation becomes part of its convolution, kernel' = kernel s and
 * bias = beta - mean s with s = gamma / sqrt(variance + 0.001), computed in float64.
 *
 * @param tensors Checked by {@link checkStateDict}. Borrowed.
 * @returns `NAME.kernel` [height, width, in, out], `NAME.bias` [out], `fc.kernel` [2048, 1008] and `fc.bias`.
 */
export function foldWeights(tensors: StateDict): Record<string, HostArray> {
  const dataOf = (name: string) => tensors[name]?.data ?? new Float32Array();
  const folded: Record<string, HostArray> = {};
  for (const { name, shape } of inceptionConvolutions) {
    const [gamma, beta] = [dataOf(`${name}.bn.weight`), dataOf(`${name}.bn.bias`)];
    const [mean, variance] = [dataOf(`${name}.bn.running_mean`), dataOf(`${name}.bn.running_var`)];
    const factors = Float64Array.from(gamma, (g, c) => g / Math.sqrt((variance[c] ?? 0) + EPSILON));
    const bias = Float32Array.from(beta, (b, c) => b - (mean[c] ?? 0) * (factors[c] ?? 0));
    const [to, from, height, width] = shape;
    const kernel = foldedKernel(dataOf(`${name}.conv.weight`), shape, factors);
    folded[`${name}.kernel`] = { shape: [height, width, from, to], data: kernel };
    folded[`${name}.bias`] = { shape: [to], data: bias };
  }
  const fc = transposed(dataOf('fc.weight'), INCEPTION_CLASSES, INCEPTION_FEATURES);
  folded['fc.kernel'] = { shape: [INCEPTION_FEATURES, INCEPTION_CLASSES], data: fc };
  folded['fc.bias'] = { shape: [INCEPTION_CLASSES], data: dataOf('fc.bias') };
  return folded;
}
