import * as tf from '@tensorflow/tfjs-core';

/** Weights as `foldWeights` makes them, on the backend. */
export type InceptionWeights = Readonly<Record<string, tf.Tensor>>;

/** How images become the network's input: see {@link inceptionInput}. */
export type InceptionPipeline = 'tf1' | 'ptfid';

/** What the network computes; tensors that the caller owns. */
export interface InceptionOutput {
  /** Means of a block over the image; of the last, [B, 2048], they are the features of FID. */
  features: tf.Tensor2D;
  /** The first 7 channels of Mixed_6d.branch1x1, [B, 17 * 17 * 7], for sFID. */
  spatial: tf.Tensor2D;
  /** [B, 1008], without the bias: what the Inception Score uses. */
  logitsUnbiased: tf.Tensor2D;
  /** [B, 1008] */
  logits: tf.Tensor2D;
}

/** Sees the result of each block: `Conv2d_1a_3x3`, ..., `MaxPool_1`, ..., `Mixed_7c`. */
export type BlockObserver = (block: string, result: tf.Tensor4D) => void;

const SIDE = 299;
const SPATIAL_CHANNELS = 7;

type Pad = 'same' | 'valid';

/**
 * Images as the network takes them, [B, 299, 299, 3] in about [-1, 1]:
 *
 * - `tf1`: the original graph's bilinear resize, source coordinate i in / out, then (x - 128) / 128. The ADM evaluator
 *   and torch-fidelity do the same.
 * - `ptfid`: x / 255, bilinear resize with half-pixel centres, then 2 x - 1, as pytorch-fid.
 *
 * @param images [B, H, W, 3], 0 .. 255.
 */
export function inceptionInput(images: tf.Tensor4D, pipeline: InceptionPipeline): tf.Tensor4D {
  return tf.tidy(() => {
    const x = tf.cast<tf.Tensor4D>(images, 'float32');
    if (pipeline === 'tf1') return tf.div(tf.sub(resizedTo299(x, false), 128), 128);
    return tf.sub(tf.mul(resizedTo299(tf.div(x, 255), true), 2), 1);
  });
}

function resizedTo299(x: tf.Tensor4D, halfPixelCenters: boolean): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (height === SIDE && width === SIDE) return x;
  return tf.image.resizeBilinear(x, [SIDE, SIDE], false, halfPixelCenters);
}

/** The layers over given weights. */
class Layers {
  constructor(private readonly weights: InceptionWeights) {}

  weight<T extends tf.Tensor>(name: string): T {
    const weight = this.weights[name];
    if (weight === undefined) throw new Error(`internal: the Inception network has no weight ${name}.`);
    return weight as T;
  }

  /** Convolution, bias and ReLU. */
  conv(x: tf.Tensor4D, name: string, strides: 1 | 2 = 1, pad: Pad = 'same'): tf.Tensor4D {
    const filter = this.weight<tf.Tensor4D>(`${name}.kernel`);
    return tf.fused.conv2d({
      x,
      filter,
      strides,
      pad,
      bias: this.weight(`${name}.bias`),
      activation: 'relu',
    });
  }

  /** Convolutions one after the other. */
  chain(x: tf.Tensor4D, block: string, names: readonly string[]): tf.Tensor4D {
    return names.reduce((y, name) => this.conv(y, `${block}.${name}`), x);
  }
}

const maxPool = (x: tf.Tensor4D) => tf.maxPool(x, 3, 2, 'valid');

/** 3 x 3 means that do not count the padding. */
const averages = (x: tf.Tensor4D) => tf.avgPool(x, 3, 1, 'same');

const join = (...branches: tf.Tensor4D[]) => tf.concat(branches, 3);

function blockA(layers: Layers, block: string, x: tf.Tensor4D): tf.Tensor4D {
  return join(
    layers.chain(x, block, ['branch1x1']),
    layers.chain(x, block, ['branch5x5_1', 'branch5x5_2']),
    layers.chain(x, block, ['branch3x3dbl_1', 'branch3x3dbl_2', 'branch3x3dbl_3']),
    layers.chain(averages(x), block, ['branch_pool']),
  );
}

function blockB(layers: Layers, block: string, x: tf.Tensor4D): tf.Tensor4D {
  const double = layers.chain(x, block, ['branch3x3dbl_1', 'branch3x3dbl_2']);
  return join(
    layers.conv(x, `${block}.branch3x3`, 2, 'valid'),
    layers.conv(double, `${block}.branch3x3dbl_3`, 2, 'valid'),
    maxPool(x),
  );
}

function blockC(
  layers: Layers,
  block: string,
  x: tf.Tensor4D,
  single = layers.chain(x, block, ['branch1x1']),
) {
  const double = [1, 2, 3, 4, 5].map((i) => `branch7x7dbl_${i}`);
  return join(
    single,
    layers.chain(x, block, ['branch7x7_1', 'branch7x7_2', 'branch7x7_3']),
    layers.chain(x, block, double),
    layers.chain(averages(x), block, ['branch_pool']),
  );
}

function blockD(layers: Layers, block: string, x: tf.Tensor4D): tf.Tensor4D {
  const three = layers.chain(x, block, ['branch3x3_1']);
  const seven = layers.chain(x, block, ['branch7x7x3_1', 'branch7x7x3_2', 'branch7x7x3_3']);
  return join(
    layers.conv(three, `${block}.branch3x3_2`, 2, 'valid'),
    layers.conv(seven, `${block}.branch7x7x3_4`, 2, 'valid'),
    maxPool(x),
  );
}

function blockE(layers: Layers, block: string, x: tf.Tensor4D, pooled: tf.Tensor4D): tf.Tensor4D {
  const three = layers.chain(x, block, ['branch3x3_1']);
  const double = layers.chain(x, block, ['branch3x3dbl_1', 'branch3x3dbl_2']);
  return join(
    layers.chain(x, block, ['branch1x1']),
    layers.chain(three, block, ['branch3x3_2a']),
    layers.chain(three, block, ['branch3x3_2b']),
    layers.chain(double, block, ['branch3x3dbl_3a']),
    layers.chain(double, block, ['branch3x3dbl_3b']),
    layers.chain(pooled, block, ['branch_pool']),
  );
}

/** [B, H, W, C] -> [B, C] */
function meanOverImage(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, height, width, channels] = x.shape;
  return tf.mean(tf.reshape(x, [batch, height * width, channels]), 1);
}

/**
 * The FID Inception network: Inception-v3 as TensorFlow published it on 2015-12-05, as the FID and the Inception Score
 * use it. It differs from later Inception-v3s: 1008 classes, average pools that do not count their padding, and a max
 * pool in Mixed_7c.
 *
 * @param x What {@link inceptionInput} makes, [B, 299, 299, 3]. Borrowed.
 * @param weights Borrowed.
 * @param options.block The block whose means are the features. Default the last.
 * @param options.observe Sees the result of each block, which it must not dispose. Default: nobody.
 */
export function inception(
  weights: InceptionWeights,
  x: tf.Tensor4D,
  { block = 'Mixed_7c', observe = () => undefined }: { block?: string; observe?: BlockObserver } = {},
): InceptionOutput {
  return tf.tidy((): InceptionOutput & tf.NamedTensorMap => {
    const layers = new Layers(weights);
    const features: tf.Tensor2D[] = [];
    const seen = (name: string, result: tf.Tensor4D) => {
      observe(name, result);
      if (name === block) features.push(meanOverImage(result));
      return result;
    };
    const first = (y: tf.Tensor4D, name: string, pad: Pad, strides: 1 | 2 = 1) =>
      seen(name, layers.conv(y, name, strides, pad));
    let y = first(x, 'Conv2d_1a_3x3', 'valid', 2);
    y = first(y, 'Conv2d_2a_3x3', 'valid');
    y = first(y, 'Conv2d_2b_3x3', 'same');
    y = seen('MaxPool_1', maxPool(y));
    y = first(y, 'Conv2d_3b_1x1', 'valid');
    y = first(y, 'Conv2d_4a_3x3', 'valid');
    y = seen('MaxPool_2', maxPool(y));
    for (const name of ['Mixed_5b', 'Mixed_5c', 'Mixed_5d']) y = seen(name, blockA(layers, name, y));
    y = seen('Mixed_6a', blockB(layers, 'Mixed_6a', y));
    for (const name of ['Mixed_6b', 'Mixed_6c']) y = seen(name, blockC(layers, name, y));
    const single = layers.conv(y, 'Mixed_6d.branch1x1');
    y = seen('Mixed_6d', blockC(layers, 'Mixed_6d', y, single));
    y = seen('Mixed_6e', blockC(layers, 'Mixed_6e', y));
    y = seen('Mixed_7a', blockD(layers, 'Mixed_7a', y));
    y = seen('Mixed_7b', blockE(layers, 'Mixed_7b', y, averages(y)));
    y = seen('Mixed_7c', blockE(layers, 'Mixed_7c', y, tf.maxPool(y, 3, 1, 'same')));
    const pool = meanOverImage(y);
    const logitsUnbiased: tf.Tensor2D = tf.matMul(pool, layers.weight<tf.Tensor2D>('fc.kernel'));
    return {
      features: features[0] ?? pool,
      spatial: tf.reshape<tf.Rank.R2>(tf.slice(single, [0, 0, 0, 0], [-1, -1, -1, SPATIAL_CHANNELS]), [
        x.shape[0],
        -1,
      ]),
      logitsUnbiased,
      logits: tf.add<tf.Tensor2D>(logitsUnbiased, layers.weight('fc.bias')),
    };
  });
}
