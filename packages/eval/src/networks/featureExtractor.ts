import { createProgram } from '@meanflow/compile';
import type { Program } from '@meanflow/compile';
import { resizeImage } from '@meanflow/data';
import type { ResizeFilter } from '@meanflow/data';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureNetwork, NetworkOutput } from './featureNetwork';

/** Features of images on the host, row-major. */
export interface HostFeatures {
  /** [count, D]. */
  readonly features: Float32Array;
  readonly featureSize: number;
  /** [count, classes]. */
  readonly logits?: Float32Array;
  /** [count, S]. */
  readonly spatial?: Float32Array;
}

/** Shape of images: [count, height, width, channels]. */
export type ImagesShape = readonly [count: number, height: number, width: number, channels: number];

/** What was done to images before a network saw them: part of a result, for it changes the numbers. */
export interface ExtractionChoices {
  /** Name of the network. */
  readonly network: string;
  /** SHA-256 of its weights file. */
  readonly hash: string;
  /** What the network itself does first. */
  readonly preprocessing: string;
  /** How images of another size were brought to the network's. */
  readonly resize: 'none' | ResizeFilter;
  /** Whether grey images were repeated in three channels. */
  readonly greyRepeated: boolean;
}

/** Options of {@link createFeatureExtractor}. */
export interface FeatureExtractorOptions {
  /** Images that are computed at once, at least 1; the last batch is filled up. Default what suits the network. */
  batchSize?: number;
  /**
   * Parts of a batch that are computed side by side, a divisor of `batchSize`. Worth it for a compiled program where one
   * operation has one thread (TF_NUM_INTRAOP_THREADS=1). Default 1.
   */
  shards?: number;
  /**
   * What happens to images of another size than the network's: `error`, or resizing as Pillow does it, with
   * antialiasing. Default `error`.
   */
  resize?: 'error' | ResizeFilter;
  /** Program that the network is compiled in; the caller disposes it. Default one of its own. */
  program?: Program;
}

/** A network as a function of images on the host. */
export interface FeatureExtractor {
  /**
   * Features of images.
   *
   * @param pixels 0 .. 255, row-major. Borrowed.
   * @throws RangeError if the images do not fit the network.
   */
  extract(pixels: Uint8Array, shape: ImagesShape): Promise<HostFeatures>;
  /** What is done to images of a shape; throws as `extract` does. */
  choices(shape: ImagesShape): ExtractionChoices;
  /** Frees what was compiled. The network stays. */
  dispose(): void;
}

/** What a network computes, by name; what it does not compute is absent. */
type Parts<T> = Record<string, T>;

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`createFeatureExtractor: ${name} must be an integer of at least 1, got ${value}.`);
}

/** The pixels as floats in as many channels as the network takes. */
function prepared({ channels }: FeatureNetwork, images: tf.Tensor4D): tf.Tensor4D {
  const x: tf.Tensor4D = tf.cast(images, 'float32');
  return x.shape[3] === channels ? x : tf.tile(x, [1, 1, 1, channels]);
}

/** Images of another size, [count, to, to, channels]. */
function resized(pixels: Uint8Array, shape: ImagesShape, to: number, filter: ResizeFilter): Uint8Array {
  const [count, height, width, channels] = shape;
  const [from, size] = [height * width * channels, to * to * channels];
  const out = new Uint8Array(count * size);
  for (let i = 0; i < count; i++) {
    const part = pixels.subarray(i * from, (i + 1) * from);
    const image = resizeImage({ kind: 'pixels', pixels: part, height, width, channels }, to, to, filter);
    out.set(image.pixels, i * size);
  }
  return out;
}

/** The network over parts of the batch, which a graph computes side by side. */
function inShards(network: FeatureNetwork, images: tf.Tensor4D, shards: number): Parts<tf.Tensor> {
  const outputs: NetworkOutput[] = tf
    .split<tf.Tensor4D>(images, shards)
    .map((part) => network.extract(prepared(network, part)));
  const [first] = outputs;
  const names = Object.keys(first ?? {}) as (keyof NetworkOutput)[];
  const joined = (name: keyof NetworkOutput) => tf.concat(outputs.flatMap((output) => output[name] ?? []));
  return Object.fromEntries(names.map((name) => [name, joined(name)]));
}

/**
 * A feature network as a function from pixels to features, in batches of one size, compiled where the backend can.
 *
 * @param network Borrowed: it must live as long as the extractor.
 * @throws RangeError if an option is out of its range.
 */
export function createFeatureExtractor(
  network: FeatureNetwork,
  options: FeatureExtractorOptions = {},
): FeatureExtractor {
  const { batchSize = network.batchSize, shards = 1, resize = 'error', program } = options;
  checkCount('batchSize', batchSize);
  checkCount('shards', shards);
  if (batchSize % shards !== 0)
    throw new RangeError(`createFeatureExtractor: shards must divide batchSize ${batchSize}, got ${shards}.`);
  const owned = program === undefined ? createProgram() : null;
  const step = (program ?? owned ?? createProgram()).compile(
    (images: tf.Tensor4D): Parts<tf.Tensor> => inShards(network, images, shards),
    { name: network.name },
  );

  function choices([, height, width, channels]: ImagesShape): ExtractionChoices {
    const { name, hash, preprocessing, inputSize } = network;
    const fits = inputSize === null || (height === inputSize && width === inputSize);
    if (!fits && resize === 'error') {
      throw new RangeError(
        `createFeatureExtractor: ${name} takes images of ${inputSize} x ${inputSize}, got ${height} x ${width}. Likely fix: evaluate with the network of this data set, or set resize.`,
      );
    }
    if (channels !== network.channels && channels !== 1) {
      throw new RangeError(
        `createFeatureExtractor: ${name} takes images with ${network.channels === 1 ? 'one channel' : `${network.channels} channels`}, got ${channels}. Likely fix: evaluate with the network of this data set.`,
      );
    }
    const chosen = fits || resize === 'error' ? 'none' : resize;
    return {
      network: name,
      hash,
      preprocessing,
      resize: chosen,
      greyRepeated: channels !== network.channels,
    };
  }

  /** Features of at most `batchSize` images; the batch is filled up with black ones. */
  async function extractBatch(pixels: Uint8Array, shape: ImagesShape): Promise<Parts<Float32Array>> {
    const [count, height, width, channels] = shape;
    const full = count === batchSize ? pixels : new Uint8Array(batchSize * height * width * channels);
    if (full !== pixels) full.set(pixels);
    const images = tf.tensor4d(full, [batchSize, height, width, channels], 'int32');
    const parts = step(images);
    images.dispose();
    try {
      const read = Object.entries(parts).map(async ([name, tensor]) => {
        const values = await tensor.data<'float32'>();
        return [name, values.subarray(0, (values.length / batchSize) * count)] as const;
      });
      return Object.fromEntries(await Promise.all(read));
    } finally {
      tf.dispose(parts);
    }
  }

  return {
    choices,
    async extract(pixels, shape) {
      const [count, height, width, channels] = shape;
      const { resize: filter } = choices(shape);
      const size = height * width * channels;
      if (pixels.length !== count * size) {
        throw new RangeError(
          `createFeatureExtractor: images [${shape.join(', ')}] must have ${count * size} pixels, got ${pixels.length}.`,
        );
      }
      const results: Parts<Float32Array> = {};
      for (let start = 0; start < count; start += batchSize) {
        const rows = Math.min(batchSize, count - start);
        const part = pixels.subarray(start * size, (start + rows) * size);
        const to = network.inputSize;
        const outputs =
          filter === 'none' || to === null
            ? await extractBatch(part, [rows, height, width, channels])
            : await extractBatch(resized(part, [rows, height, width, channels], to, filter), [
                rows,
                to,
                to,
                channels,
              ]);
        for (const [name, values] of Object.entries(outputs)) {
          const result = (results[name] ??= new Float32Array((values.length / rows) * count));
          result.set(values, (values.length / rows) * start);
        }
      }
      const { features = new Float32Array(), ...others } = results;
      return { featureSize: network.featureSize, features, ...others };
    },
    dispose: () => owned?.dispose(),
  };
}
