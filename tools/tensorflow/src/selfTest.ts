import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What the binding can do, measured in a process of its own. */
export interface SelfTestReport {
  readonly node: string;
  /** What TensorFlow itself says that it is. */
  readonly tensorflow: string;
  readonly device: 'GPU' | 'CPU';
  /** Speed of multiplying float32 matrices. */
  readonly gflops: number;
}

type Values = readonly number[] | Int32Array | Float32Array | Uint8Array;

/** The few tensors and functions that are used here: which package they are from is known at run time only. */
interface Tensor {
  dataSync(): Values;
  dispose(): void;
}
interface Tfjs {
  readonly backend: () => {
    readonly isUsingGpuDevice: boolean;
    readonly binding: { readonly TF_Version: string };
  };
  readonly getBackend: () => string;
  readonly memory: () => { readonly numTensors: number };
  readonly tidy: <T>(f: () => T) => T;
  readonly tensor: (values: Values, shape?: readonly number[], dtype?: string) => Tensor;
  readonly randomNormal: (
    shape: readonly number[],
    mean: number,
    deviation: number,
    dtype: string,
    seed: number,
  ) => Tensor;
  readonly matMul: (a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean) => Tensor;
  readonly conv2d: (x: Tensor, filter: Tensor, strides: number, pad: string) => Tensor;
  readonly grad: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor;
  readonly topk: (x: Tensor, k: number) => { readonly values: Tensor; readonly indices: Tensor };
  readonly split: (x: Tensor, count: number) => readonly Tensor[];
  readonly softmax: (x: Tensor) => Tensor;
  readonly sin: (x: Tensor) => Tensor;
  readonly mul: (a: Tensor, b: Tensor) => Tensor;
  readonly add: (a: Tensor, b: Tensor) => Tensor;
  readonly sum: (x: Tensor) => Tensor;
  readonly square: (x: Tensor) => Tensor;
  readonly logicalNot: (x: Tensor) => Tensor;
}

const TOLERANCE = 1e-5;

function expectValues(what: string, got: Tensor, expected: Values): void {
  const values = Array.from(got.dataSync());
  const isEqual =
    values.length === expected.length &&
    values.every(
      (value, i) => Math.abs(value - (expected[i] ?? NaN)) <= TOLERANCE * Math.max(1, Math.abs(value)),
    );
  if (!isEqual) throw new Error(`${what} should be ${expected.join(', ')}, and is ${values.join(', ')}`);
}

/** Known answers for each way into the binding: one output and several, every type of number, an attribute of each kind. */
function checkValues(tf: Tfjs): void {
  const matrix = tf.tensor([1, 2, 3, 4], [2, 2]);
  expectValues('[[1, 2], [3, 4]] squared', tf.matMul(matrix, matrix), [7, 10, 15, 22]);
  expectValues('the same with one transposed', tf.matMul(matrix, matrix, false, true), [5, 11, 11, 25]);
  expectValues(
    'int32 addition',
    tf.add(tf.tensor([1, -2], [2], 'int32'), tf.tensor([40, 1], [2], 'int32')),
    [41, -1],
  );
  expectValues('not (true, false)', tf.logicalNot(tf.tensor([1, 0], [2], 'bool')), [0, 1]);
  const { values, indices } = tf.topk(tf.tensor([3, 1, 4, 1, 5]), 2);
  expectValues('the two largest of 3, 1, 4, 1, 5', values, [5, 4]);
  expectValues('their places', indices, [4, 2]);
  for (const [i, half] of tf.split(tf.tensor([1, 2, 3, 4]), 2).entries())
    expectValues(`part ${i} of 1, 2, 3, 4`, half, [2 * i + 1, 2 * i + 2]);
  const image = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
  const filter = tf.tensor([1, 0, 0, 1], [2, 2, 1, 1]);
  expectValues('a convolution', tf.conv2d(image, filter, 1, 'valid'), [6, 8, 12, 14]);
}

/** Known derivatives. */
function checkGradients(tf: Tfjs): void {
  const x = [0.3, -1.2, 2.5];
  // d/dx sum(x sin x) = sin x + x cos x
  const smooth = tf.grad((t) => tf.sum(tf.mul(t, tf.sin(t))))(tf.tensor(x));
  expectValues(
    'the gradient of x sin x',
    smooth,
    x.map((v) => Math.sin(v) + v * Math.cos(v)),
  );
  // d/dA sum((A B)^2) = 2 (A B) B'
  const b = tf.tensor([1, 2, 3, 4], [2, 2]);
  const product = tf.grad((a) => tf.sum(tf.square(tf.matMul(a, b))))(tf.tensor([1, 0, 0, 1], [2, 2]));
  expectValues('the gradient of a product squared', product, [10, 22, 22, 50]);
  // d/dx sum(softmax(x)) = 0
  const zero = tf.grad((t) => tf.sum(tf.softmax(t)))(tf.tensor(x));
  expectValues('the gradient of a sum of softmax', zero, [0, 0, 0]);
}

const FIRST_SIZE = 512;
const LAST_SIZE = 8192;
const ENOUGH_SECONDS = 0.08;

/** 2 n^3 operations for a product of n x n matrices, with n doubled until one takes long enough; the best of three. */
function matmulGflops(tf: Tfjs): number {
  let rate = 0;
  for (let n = FIRST_SIZE; n <= LAST_SIZE; n *= 2) {
    const matrix = tf.randomNormal([n, n], 0, 1, 'float32', 1);
    const times = [0, 1, 2, 3].map(() => {
      const start = performance.now();
      tf.tidy(() => tf.sum(tf.matMul(matrix, matrix)).dataSync());
      return (performance.now() - start) / 1000;
    });
    matrix.dispose();
    const seconds = Math.min(...times.slice(1)); // the first one allocates
    rate = Math.max(rate, (2 * n ** 3) / seconds / 1e9);
    if (seconds > ENOUGH_SECONDS) break;
  }
  return rate;
}

/**
 * Loads the binding and lets it compute.
 *
 * @param packageFolder The binding's package.
 * @throws Error with what is wrong.
 */
export function selfTest(packageFolder: string): SelfTestReport {
  const file = join(packageFolder, 'package.json');
  const { log, warn } = console;
  console.log = console.warn = () => undefined; // tfjs greets
  let tf: Tfjs;
  try {
    tf = createRequire(file)(packageFolder) as Tfjs;
  } finally {
    Object.assign(console, { log, warn });
  }
  if (tf.getBackend() !== 'tensorflow')
    throw new Error(`its backend does not start: ${tf.getBackend()} is active`);
  tf.tidy(() => {
    checkValues(tf);
    checkGradients(tf);
  });
  const gflops = Number(matmulGflops(tf).toPrecision(3));
  const left = tf.memory().numTensors;
  if (left !== 0) throw new Error(`${left} tensors are left behind`);
  const { isUsingGpuDevice, binding } = tf.backend();
  return {
    node: process.version,
    tensorflow: binding.TF_Version,
    device: isUsingGpuDevice ? 'GPU' : 'CPU',
    gflops,
  };
}
