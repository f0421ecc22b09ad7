import { jvp } from '@meanflow/jvp';
import { normals, uniforms } from '@meanflow/random';
import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { ditNetwork } from './dit';
import { ditParameters } from './parameters';
import type { DiTConfig } from './config';
import type { Network, Weights } from './weights';

const square: DiTConfig = {
  inputSize: 4,
  channels: 2,
  patchSize: 2,
  depth: 2,
  hiddenSize: 8,
  numHeads: 2,
  numClasses: 3,
};
const configs = {
  square,
  'not square, one channel, three heads': {
    ...square,
    inputSize: [6, 2],
    channels: 1,
    hiddenSize: 12,
    numHeads: 3,
  },
  'without classes, five channels, patch 1': {
    ...square,
    channels: 5,
    patchSize: 1,
    numClasses: 0,
    depth: 1,
  },
} satisfies Record<string, DiTConfig>;

const draw = (purpose: string, shape: readonly number[], std = 1) =>
  tf.tensor(
    normals({ seed: 5, purpose }, tf.util.sizeFromShape([...shape])).map((n) => std * n),
    [...shape],
  );

/** Weights without the zeros of the initialisation, which would hide errors behind closed gates. */
function drawWeights(config: DiTConfig, purpose = 'weights'): Weights {
  return Object.fromEntries(
    ditParameters(config).map(({ name, shape }) => [
      name,
      draw(`${purpose} ${name}`, shape, (shape[0] ?? 1) ** -0.5),
    ]),
  );
}
/** A batch of three: z, r, t, y. */
function drawInputs({ inputSize, channels, numClasses }: DiTConfig): Parameters<Network> {
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  const t = tf.tensor1d(uniforms({ seed: 5, purpose: 't' }, 3));
  const labels = tf.tensor1d([0, numClasses, 1], 'int32');
  return [draw('z', [3, height, width, channels]), tf.mul(t, 0.5), t, numClasses > 0 ? labels : null];
}
const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;

/** Gradients of <w, u> on the backend that came first, for the others to compare with. */
const gradientsElsewhere = new Map<string, Map<string, Float32Array>>();

describeBackends('ditNetwork', () => {
  describe.each(Object.entries(configs))('%s', (name, config) => {
    it('returns u of the shape of z', () => {
      tf.tidy(() => {
        const [z, r, t, y] = drawInputs(config);
        expect(ditNetwork(config, drawWeights(config))(z, r, t, y).shape).toEqual(z.shape);
      });
    });
    it('has a gradient in every weight that agrees with forward mode and with the other backends', () => {
      tf.tidy(() => {
        const weights = drawWeights(config);
        const names = Object.keys(weights);
        const [z, r, t, y] = drawInputs(config);
        const u = (...values: tf.Tensor[]) =>
          ditNetwork(config, Object.fromEntries(names.map((key, i) => [key, values[i]!])))(z, r, t, y);
        const w = draw('w', z.shape);
        const gradients = tf.grads(u)(Object.values(weights), w);
        const directions = Object.values(drawWeights(config, 'direction'));
        const { tangent } = jvp(u, Object.values(weights), directions);
        const reverse = gradients.reduce((sum, gradient, i) => sum + dot(gradient, directions[i]!), 0);
        expect(Math.abs(dot(w, tangent) - reverse)).toBeLessThan(
          1e-5 * Math.sqrt(dot(w, w) * dot(tangent, tangent)),
        );

        const found = new Map(gradients.map((gradient, i) => [names[i]!, gradient.dataSync<'float32'>()]));
        const elsewhere = gradientsElsewhere.get(name);
        if (elsewhere === undefined) gradientsElsewhere.set(name, found);
        else
          for (const [key, gradient] of found) expectKeyBiasAside(config, key, gradient, elsewhere.get(key)!);
      });
    });
    it('has the same numbers where activations are computed again: value, derivative, gradient of a step', () => {
      tf.tidy(() => {
        const weights = drawWeights(config);
        const [z, r, t, y] = drawInputs(config);
        const [kept, again] = [false, true].map((recompute) => {
          const step = (...values: tf.Tensor[]) => {
            const named = Object.fromEntries(Object.keys(weights).map((key, i) => [key, values[i]!]));
            const network = ditNetwork(config, named, { recompute });
            const { value, tangent } = jvp(
              (a: tf.Tensor, b: tf.Tensor1D) => network(a, r, b, y),
              [z, t],
              [z, r],
            );
            return tf.stack([value, tangent, tf.square(tf.sub(value, tangent))]);
          };
          const values = Object.values(weights);
          return [step(...values), ...tf.grads(step)(values)].map((tensor) => tensor.dataSync());
        });
        expect(again).toEqual(kept);
      });
    });
    it('has a directional derivative that agrees with its gradient in z, r and t', () => {
      tf.tidy(() => {
        const [z, r, t, y] = drawInputs(config);
        const network = ditNetwork(config, drawWeights(config));
        const u = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
          network(a, b as tf.Tensor1D, c as tf.Tensor1D, y);
        const directions = [draw('dz', z.shape), draw('dr', r.shape), draw('dt', t.shape)] as const;
        const w = draw('w', z.shape);
        const { tangent } = jvp(u, [z, r, t], directions);
        const reverse = tf.grads(u)([z, r, t], w);
        const sum = reverse.reduce((total, gradient, i) => total + dot(gradient, directions[i]!), 0);
        expect(Math.abs(dot(w, tangent) - sum)).toBeLessThan(
          1e-5 * Math.sqrt(dot(w, w) * dot(tangent, tangent)),
        );
      });
    });
  });

  it('treats every sample by itself', () => {
    tf.tidy(() => {
      const network = ditNetwork(square, drawWeights(square));
      const [z, r, t, y] = drawInputs(square);
      const second = <T extends tf.Tensor>(x: T): T => tf.slice(x, 1, 1);
      const alone = network(second(z), second(r), second(t), second(y!));
      expectClose(alone, second(network(z, r, t, y)), 1e-5);
    });
  });
  it('sees r only through t - r, and the time itself', () => {
    tf.tidy(() => {
      const network = ditNetwork(square, drawWeights(square));
      const [z, , , y] = drawInputs(square);
      const at = (r: number, t: number) => network(z, tf.fill([3], r), tf.fill([3], t), y).dataSync();
      const apart = (a: ArrayLike<number>, b: Float32Array) => b.some((x, i) => Math.abs(x - a[i]!) > 1e-3);
      expect(apart(at(0.5, 0.5), at(0.25, 0.5) as Float32Array)).toBe(true);
      expect(apart(at(0.5, 0.5), at(0.75, 0.75) as Float32Array)).toBe(true);
    });
  });
  it('reads variables and replaced entries at each call', () => {
    tf.tidy(() => {
      const weights: Record<string, tf.Tensor> = { ...drawWeights(square) };
      const network = ditNetwork(square, weights);
      weights['finalLayer.linear.kernel'] = tf.zerosLike(weights['finalLayer.linear.kernel']!);
      weights['finalLayer.linear.bias'] = tf.fill([8], 3);
      expectClose(network(...drawInputs(square)), new Float32Array(3 * 32).fill(3), 0);
    });
  });
  it('leaves no tensor behind: forward, gradient and derivative', () => {
    const weights = drawWeights(square);
    const [z, r, t, y] = drawInputs(square);
    const network = ditNetwork(square, weights);
    const one = tf.onesLike(t);
    expectNoLeak(() => {
      tf.dispose(network(z, r, t, y));
      tf.dispose({ ...jvp((a: tf.Tensor, b: tf.Tensor1D) => network(a, r, b, y), [z, t], [z, one]) });
      tf.dispose(tf.grad((a) => network(a, r, t, y))(z));
    });
    tf.dispose([weights, [z, r, t], y ?? [], one] as tf.TensorContainer);
  });
  it('refuses inputs that do not fit', () => {
    tf.tidy(() => {
      const network = ditNetwork(square, drawWeights(square));
      const [z, r, t, y] = drawInputs(square);
      const fails = (message: string, ...args: Parameters<Network>) => {
        expect(() => network(...args)).toThrow(new RangeError(message));
      };
      fails('ditNetwork: z must be [B, 4, 4, 2], got [3, 4, 4, 1].', tf.zeros([3, 4, 4, 1]), r, t, y);
      fails('ditNetwork: t must be [B] = [3], got [2].', z, r, tf.zeros([2]), y);
      fails('ditNetwork: y must be labels, got null. The label 3 stands for no class.', z, r, t, null);
    });
  });
});

/** Compares gradients; that of the key third of a qkv bias is zero in exact arithmetic, here rounding. */
function expectKeyBiasAside(
  { hiddenSize: d }: DiTConfig,
  name: string,
  actual: Float32Array,
  expected: Float32Array,
) {
  const parts = name.endsWith('qkv.bias') ? ([[0, d], [2 * d, 3 * d]] as const) : ([[0, actual.length]] as const); // prettier-ignore
  for (const part of parts) expectClose(actual.slice(...part), expected.slice(...part), 2e-5);
}

describe('weights', () => {
  const parameters = ditParameters(square);
  const empty = () => Object.fromEntries(parameters.map(({ name, shape }) => [name, tf.zeros([...shape])]));

  it('must be all there, of the right shape, and no others', () => {
    tf.tidy(() => {
      const weights = empty();
      const missing = { ...weights };
      delete missing['blocks.1.mlp.fc1.bias'];
      expect(() => ditNetwork(square, missing)).toThrow(
        'ditNetwork: weights must hold blocks.1.mlp.fc1.bias, which is missing. Is the config the one they were made for?',
      );
      expect(() => ditNetwork(square, { ...weights, 'xEmbedder.kernel': tf.zeros([4, 8]) })).toThrow(
        "ditNetwork: weights['xEmbedder.kernel'] must be [8, 8], got [4, 8].",
      );
      expect(() => ditNetwork({ ...square, depth: 1 }, weights)).toThrow(
        'ditNetwork: weights hold blocks.1.adaLN.kernel, which this network does not have. Is the config the one they were made for?',
      );
      expect(() => ditNetwork({ ...square, numClasses: 0 }, weights)).toThrow('weights hold yEmbedder.table');
    });
  });
  it('make a network of the signature that the flow mathematics calls', () => {
    expectTypeOf(ditNetwork).returns.toEqualTypeOf<Network>();
  });
});
