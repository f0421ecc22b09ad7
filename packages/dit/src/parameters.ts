import { ditShape } from './config';
import type { DiTConfig } from './config';

/** How a parameter is drawn. */
export type Initializer =
  | { kind: 'zeros' }
  /** Uniform on [-a, a] with a = sqrt(6 / (fan in + fan out)), the two sides of the matrix. */
  | { kind: 'xavierUniform' }
  | { kind: 'normal'; std: number };

/** One trainable tensor of a network. */
export interface Parameter {
  /** Stable dotted name, e.g. `blocks.0.attn.qkv.kernel`: the key in weights, checkpoints and gradients. */
  name: string;
  shape: readonly number[];
  init: Initializer;
}

/** Width of the sinusoidal embedding of t and of h = t - r. */
export const FREQUENCY_WIDTH = 256;

export const zeros: Initializer = { kind: 'zeros' };
export const xavierUniform: Initializer = { kind: 'xavierUniform' };
const small: Initializer = { kind: 'normal', std: 0.02 };

/** Kernel [fanIn, fanOut] and bias of a dense layer; the bias starts at zero. */
export function dense(name: string, fanIn: number, fanOut: number, init: Initializer): Parameter[] {
  return [
    { name: `${name}.kernel`, shape: [fanIn, fanOut], init },
    { name: `${name}.bias`, shape: [fanOut], init: zeros },
  ];
}

/** Embedders of time, interval and label, whose sum conditions every block. */
export function conditionParameters(width: number, numClasses: number): Parameter[] {
  const timeMlp = (name: string) => [
    ...dense(`${name}.mlp.0`, FREQUENCY_WIDTH, width, small),
    ...dense(`${name}.mlp.2`, width, width, small),
  ];
  const table: Parameter = { name: 'yEmbedder.table', shape: [numClasses + 1, width], init: small };
  return [...timeMlp('tEmbedder'), ...timeMlp('hEmbedder'), ...(numClasses > 0 ? [table] : [])];
}

/** Modulations and the last dense layer start at zero: each block is the identity, and the network returns zero. */
function blockParameters(name: string, width: number, mlpWidth: number): Parameter[] {
  return [
    ...dense(`${name}.adaLN`, width, 6 * width, zeros),
    ...dense(`${name}.attn.qkv`, width, 3 * width, xavierUniform),
    ...dense(`${name}.attn.proj`, width, width, xavierUniform),
    ...dense(`${name}.mlp.fc1`, width, mlpWidth, xavierUniform),
    ...dense(`${name}.mlp.fc2`, mlpWidth, width, xavierUniform),
  ];
}

/**
 * Every parameter of a DiT with its shape and its official initial distribution: the one list that initialisation,
 * checkpoints and checks follow.
 *
 * The positional table is fixed and not among them.
 *
 * @throws RangeError if the configuration is not valid (see {@link DiTConfig}).
 */
export function ditParameters(config: DiTConfig): Parameter[] {
  const { patchLength, mlpWidth } = ditShape(config);
  const { depth, hiddenSize, numClasses } = config;
  const blocks = Array.from({ length: depth }, (_, i) =>
    blockParameters(`blocks.${i}`, hiddenSize, mlpWidth),
  );
  return [
    ...dense('xEmbedder', patchLength, hiddenSize, xavierUniform),
    ...conditionParameters(hiddenSize, numClasses),
    ...blocks.flat(),
    ...dense('finalLayer.adaLN', hiddenSize, 2 * hiddenSize, zeros),
    ...dense('finalLayer.linear', hiddenSize, patchLength, zeros),
  ];
}

/**
 * Number of trainable numbers of a DiT.
 *
 * The published counts (B/2 131 M, M/2 308 M, L/2 459 M, XL/2 676 M) are those of latents of 32 x 32 x 4 with 1000
 * classes, the label table including its row for no class, both embedders of time, and without the positional table.
 *
 * @throws RangeError if the configuration is not valid.
 */
export function countParameters(config: DiTConfig): number {
  return ditParameters(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
