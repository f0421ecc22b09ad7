import * as tf from '@tensorflow/tfjs-core';

/** A convolution with ReLU, and what follows it. */
export interface ConvStage {
  /** Channels of the result. */
  filters: number;
  /** Height and width of the kernel; the padding keeps the size. */
  kernelSize: number;
  /** Default 1. */
  stride?: 1 | 2;
  /** Whether the largest of each 2 x 2 values is taken afterwards. Default false. */
  pool?: boolean;
  /** Whether x + f(f(x)) follows, f being another 3 x 3 convolution with ReLU. Default false. */
  residual?: boolean;
}

/**
 * A small convolutional classifier whose last layer but one gives the features: `stages`, then either the mean over
 * the image (`mean`) or a linear map of all its values with SiLU (`dense`), then a linear map to the classes.
 */
export interface ConvNetConfig {
  /** Height and width of the images. */
  inputSize: number;
  channels: number;
  stages: readonly ConvStage[];
  head: 'mean' | 'dense';
  /** Number of features; with the head `mean` the filters of the last stage. */
  featureSize: number;
  numClasses: number;
}

/** Name and shape of a weight. */
export interface ConvNetParameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Weights by the names of {@link convNetParameters}. */
export type ConvNetWeights = Readonly<Record<string, tf.Tensor>>;

/** A convolution, its bias or normalisation, and ReLU: what training does otherwise than inference. */
export type ConvLayer = (x: tf.Tensor4D, name: string, stride: 1 | 2) => tf.Tensor4D;

/** Logits [B, classes] and features [B, D] of a batch. */
export interface ConvNetOutput {
  features: tf.Tensor2D;
  logits: tf.Tensor2D;
}

const RESIDUAL_KERNEL = 3;

/** Convolutions in their order with the shapes of their kernels. */
function convolutionsOf({ channels, stages }: ConvNetConfig): ConvNetParameter[] {
  let width = channels;
  return stages.flatMap(({ filters, kernelSize, residual = false }, i) => {
    const shape = [kernelSize, kernelSize, width, filters];
    const inner = [RESIDUAL_KERNEL, RESIDUAL_KERNEL, filters, filters];
    width = filters;
    return [
      { name: `stages.${i}.conv`, shape },
      ...(residual ? ['a', 'b'].map((name) => ({ name: `stages.${i}.${name}`, shape: inner })) : []),
    ];
  });
}

/** Values of an image before the head. */
function mapSize({ inputSize, stages }: ConvNetConfig): number {
  const size = stages.reduce(
    (n, { stride = 1, pool = false }) => Math.floor(Math.ceil(n / stride) / (pool ? 2 : 1)),
    inputSize,
  );
  return size * size * (stages.at(-1)?.filters ?? 0);
}

/** Names and shapes of all weights, kernels in TensorFlow's layout [height, width, in, out]. */
export function convNetParameters(config: ConvNetConfig): ConvNetParameter[] {
  const { head, featureSize, numClasses } = config;
  const dense = (name: string, from: number, to: number) => [
    { name: `${name}.kernel`, shape: [from, to] },
    { name: `${name}.bias`, shape: [to] },
  ];
  return [
    ...convolutionsOf(config).flatMap(({ name, shape }) => [
      { name: `${name}.kernel`, shape },
      { name: `${name}.bias`, shape: shape.slice(-1) },
    ]),
    ...(head === 'dense' ? dense('features', mapSize(config), featureSize) : []),
    ...dense('classes', featureSize, numClasses),
  ];
}

function weightOf<T extends tf.Tensor>(weights: ConvNetWeights, name: string): T {
  const weight = weights[name];
  if (weight === undefined) throw new Error(`internal: the network has no weight ${name}.`);
  return weight as T;
}

/** A convolution of inference: its bias, which holds a normalisation if the training had one, and ReLU. */
function biasedLayer(weights: ConvNetWeights): ConvLayer {
  return (x, name, stride) =>
    tf.fused.conv2d({
      x,
      filter: weightOf<tf.Tensor4D>(weights, `${name}.kernel`),
      strides: stride,
      pad: 'same',
      bias: weightOf(weights, `${name}.bias`),
      activation: 'relu',
    });
}

function linear(weights: ConvNetWeights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const product = tf.matMul(x, weightOf<tf.Tensor2D>(weights, `${name}.kernel`));
  return tf.add(product, weightOf(weights, `${name}.bias`));
}

/**
 * Features and logits of images.
 *
 * @param images [B, H, W, C], 0 .. 255. Borrowed.
 * @param weights Borrowed.
 * @param layer Default: convolution, bias, ReLU.
 * @returns Tensors that the caller owns; call it inside of a `tidy`.
 */
export function convNet(
  config: ConvNetConfig,
  weights: ConvNetWeights,
  images: tf.Tensor4D,
  layer: ConvLayer = biasedLayer(weights),
): ConvNetOutput {
  let x = tf.sub<tf.Tensor4D>(tf.mul(images, 1 / 127.5), 1);
  for (const [i, { stride = 1, pool = false, residual = false }] of config.stages.entries()) {
    x = layer(x, `stages.${i}.conv`, stride);
    if (pool) x = tf.maxPool(x, 2, 2, 'valid');
    if (residual) x = tf.add(x, layer(layer(x, `stages.${i}.a`, 1), `stages.${i}.b`, 1));
  }
  const features = config.head === 'mean' ? meanOverImage(x) : silu(linear(weights, 'features', flat(x)));
  return { features, logits: linear(weights, 'classes', features) };
}

function flat(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, ...rest] = x.shape;
  return tf.reshape(x, [batch, rest.reduce((product, n) => product * n, 1)]);
}

function meanOverImage(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  return tf.mean(tf.reshape(x, [batch, height * width, channels]), 1);
}

function silu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, tf.sigmoid(x));
}
