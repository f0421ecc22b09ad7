import { jvp } from '@meanflow/jvp';
import { normals } from '@meanflow/random';
import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initMlp, mlpNetwork, mlpParameters } from './mlp';
import type { MlpConfig } from './mlp';

const config: MlpConfig = { inputDim: 2, hiddenSize: 16, depth: 2, numClasses: 3 };
const points = () => tf.tensor2d(normals({ seed: 1, purpose: 'points' }, 8), [4, 2]);
const labels = () => tf.tensor1d([0, 1, 2, 3], 'int32');
const times = () => ({ r: tf.tensor1d([0, 0.1, 0.2, 0.3]), t: tf.tensor1d([0.5, 0.1, 1, 0.9]) });
const drawWeights = () =>
  Object.fromEntries(
    mlpParameters(config).map(({ name, shape }) => {
      const count = tf.util.sizeFromShape([...shape]);
      return [
        name,
        tf.tensor(
          normals({ seed: 1, purpose: name }, count).map((n) => n / 4),
          [...shape],
        ),
      ];
    }),
  );

describeBackends('mlpNetwork', () => {
  it('returns zero when fresh', () => {
    tf.tidy(() => {
      const { r, t } = times();
      expectClose(mlpNetwork(config, initMlp(config, 0))(points(), r, t, labels()), new Float32Array(8), 0);
    });
  });
  it('has forward and reverse modes that agree', () => {
    tf.tidy(() => {
      const { r, t } = times();
      const network = mlpNetwork(config, drawWeights());
      const u = (z: tf.Tensor, time: tf.Tensor) => network(z, r, time as tf.Tensor1D, labels());
      const directions = [
        tf.tensor2d([1, 2, 3, 4, -1, -2, -3, -4], [4, 2]),
        tf.tensor1d([1, -1, 2, 1]),
      ] as const;
      const { tangent } = jvp(u, [points(), t], directions);
      const reverse = tf.grads(u)([points(), t]);
      const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
      const sum = dot(reverse[0]!, directions[0]) + dot(reverse[1]!, directions[1]);
      expect(Math.abs(tf.sum(tangent).dataSync()[0]! - sum)).toBeLessThan(
        1e-5 * tf.norm(tangent).dataSync()[0]! * 3,
      );
    });
  });
  it('learns a velocity that depends on point, time and label', () => {
    const { r, t } = times();
    const [z, y] = [points(), labels()];
    const weights = tf.tidy(() =>
      Object.fromEntries(Object.entries(initMlp(config, 0)).map(([name, w]) => [name, tf.variable(w)])),
    );
    const target = tf.tensor2d([1, 0, 0, 1, -1, 0, 0, -1], [4, 2]);
    const network = mlpNetwork(config, weights);
    const optimizer = tf.train.adam(1e-2);
    const loss = () => tf.sum<tf.Scalar>(tf.square(tf.sub(network(z, r, t, y), target)));
    for (let step = 0; step < 60; step++) optimizer.minimize(loss, false, Object.values(weights));
    const last = tf.tidy(() => loss().dataSync()[0]!);
    expect(last).toBeLessThan(0.01); // from 4
    optimizer.dispose();
    tf.dispose([z, y, r, t, target, weights] as tf.TensorContainer);
  });
  it('leaves no tensor behind', () => {
    const weights = drawWeights();
    const [z, y, { r, t }] = [points(), labels(), times()];
    expectNoLeak(() => {
      tf.dispose(mlpNetwork(config, weights)(z, r, t, y));
    });
    tf.dispose([weights, z, y, r, t] as tf.TensorContainer);
  });
  it('refuses what does not fit', () => {
    tf.tidy(() => {
      const { r, t } = times();
      const network = mlpNetwork(config, drawWeights());
      expect(() => network(tf.zeros([4, 3]), r, t, labels())).toThrow(
        'mlpNetwork: z must be [B, 2], got [4, 3].',
      );
      expect(() => mlpNetwork({ ...config, numClasses: 0 }, drawWeights())).toThrow(
        'weights hold yEmbedder.table',
      );
      expect(() => initMlp({ ...config, depth: 0 }, 0)).toThrow(
        'MlpConfig: depth must be an integer of at least 1, got 0.',
      );
    });
  });
  it('takes no labels without classes', () => {
    tf.tidy(() => {
      const unconditional = { ...config, numClasses: 0 };
      const network = mlpNetwork(unconditional, initMlp(unconditional, 0));
      const { r, t } = times();
      expect(network(points(), r, t, null).shape).toEqual([4, 2]);
      expect(() => network(points(), r, t, labels())).toThrow(
        'mlpNetwork: y must be null, as the network has no classes. Set numClasses to give it labels.',
      );
    });
  });
});
