import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { takeRows, toTensors } from './draws';
import { flowMatching } from './flowMatching';
import { gaussian, pointMass } from './flows.testdata';
import { meanFlow, meanFlowTerms } from './meanFlow';
import type { Network } from './network';

const value = (x: tf.Tensor | undefined) => x?.dataSync()[0] ?? NaN;
const key = { seed: 4, step: 7 };

/** A small network with parameters, sensitive to all of its inputs. */
function toyNetwork(w: tf.Tensor): Network {
  return (z, r, t, y) => {
    const rows = (x: tf.Tensor) => tf.reshape(x, [-1, 1]);
    const label = y === null ? tf.scalar(0) : rows(tf.cast(y, 'float32'));
    const mixed = tf.add(tf.mul(z, tf.slice(w, 0, 1)), tf.mul(tf.sin(rows(t)), tf.slice(w, 1, 1)));
    return tf.tanh(tf.add(tf.add(mixed, tf.mul(rows(r), tf.slice(w, 2, 1))), tf.mul(label, 0.1)));
  };
}

describeBackends('meanFlowTerms', () => {
  const batch = 6;
  const z = () => tf.tensor2d([0.5, -1, 2, 0.3, -0.7, 1.2, 0.1, 0.9, -2, 1.5, 0.4, -0.2], [batch, 2]);
  const t = () => tf.tensor1d([0.9, 0.5, 0.3, 1, 0.75, 0.6]);
  const r = () => tf.tensor1d([0.1, 0.2, 0.25, 0, 0.7, 0.05]);

  it('finds the true u of Gaussian data to satisfy the identity', () => {
    const network = gaussian(0.6);
    const v = network(z(), t(), t(), null);
    const { u, uTarget } = meanFlowTerms(network, z(), v, r(), t(), null);
    expectClose(u, uTarget, 2e-5);
    const wrong = meanFlowTerms((...args) => tf.mul(network(...args), 1.1), z(), v, r(), t(), null);
    expect(value(tf.max(tf.abs(tf.sub(wrong.u, wrong.uTarget))))).toBeGreaterThan(0.01);
  });

  it('finds the true u of a point mass to satisfy the identity', () => {
    const network = pointMass(0.4);
    const { u, uTarget } = meanFlowTerms(network, z(), network(z(), t(), t(), null), r(), t(), null);
    expectClose(u, uTarget, 2e-5);
  });

  it('is the same whether rows with r = t skip the derivative or not', () => {
    const network = toyNetwork(tf.tensor1d([0.7, -0.4, 1.1]));
    const v = tf.mul(z(), 0.3);
    const start = tf.concat<tf.Tensor1D>([tf.slice(t(), 0, 4), tf.slice(r(), 4, 2)]);
    const all = meanFlowTerms(network, z(), v, start, t(), null, 0);
    const split = meanFlowTerms(network, z(), v, start, t(), null, 4);
    expectClose(split.u, all.u, 1e-6);
    expectClose(split.uTarget, all.uTarget, 1e-6);
    expect(split.dudt?.shape).toEqual([2, 2]);
    expectClose(split.dudt!, tf.slice(all.dudt!, [4, 0]), 1e-6);
  });

  it('names what does not fit', () => {
    const network = pointMass(0);
    expect(() => meanFlowTerms(network, z(), tf.zeros([batch, 3]), r(), t(), null)).toThrow(
      'meanFlowTerms: v must have the shape of z, [6, 2], got [6, 3].',
    );
    expect(() => meanFlowTerms(network, z(), z(), tf.zeros([5]), t(), null)).toThrow(
      'meanFlowTerms: r must have shape [6], one entry for each row, got [5].',
    );
    expect(() => meanFlowTerms(network, z(), z(), r(), t(), null, 7)).toThrow(
      'meanFlowTerms: instantRows must be in [0, 6], got 7.',
    );
  });
});

describeBackends('meanFlow', () => {
  const x = () => tf.tensor2d([0.5, -1, 2, 0.3, -0.7, 1.2, 0.1, 0.9], [4, 2]);
  const labels = () => tf.tensor1d([0, 2, 1, 2], 'int32');
  const objective = meanFlow({
    numClasses: 3,
    times: { instantFraction: 0.5 },
    guidance: { omega: 1.5, kappa: 0.2 },
  });
  const draws = () => toTensors(objective.draw(4, [2], key));

  it('logs the unweighted loss and its parts, while the weighted one is near 1', () => {
    const network = toyNetwork(tf.tensor1d([0.7, -0.4, 1.1]));
    const { loss, logs } = objective.loss(network, x(), labels(), draws());
    expect(Object.keys(logs)).toEqual(objective.logNames);
    expect(value(loss)).toBeGreaterThan(0.9);
    expect(value(loss)).toBeLessThan(1);
    expect(value(logs['rawLoss'])).toBeGreaterThan(value(loss));
    expect(value(logs['dudtNorm'])).toBeGreaterThan(0);
  });

  it('with r = t everywhere is flow matching, guidance included', () => {
    const options = { numClasses: 3, guidance: { omega: 2, kappa: 0.3, tEnd: 0.9 }, weighting: { p: 0.5 } };
    const [plain, average] = [flowMatching(options), meanFlow({ ...options, times: { instantFraction: 1 } })];
    const network = toyNetwork(tf.tensor1d([0.7, -0.4, 1.1]));
    const { e, t, drop } = draws().tensors as Record<string, tf.Tensor>;
    const instant = { tensors: { e: e!, t: t!, r: t!, drop: drop! }, instantRows: 4 };
    const [one, other] = [plain, average].map((o) => o.loss(network, x(), labels(), instant));
    expect(value(one!.loss)).toBeCloseTo(value(other!.loss), 6);
    expect(value(one!.logs['rawLoss'])).toBeCloseTo(value(other!.logs['rawLoss']), 5);
    const { loss } = flowMatching({ ...options, guidance: null }).loss(network, x(), labels(), instant);
    expect(Math.abs(value(loss) - value(one!.loss))).toBeGreaterThan(1e-3);
    expect(() => flowMatching({ numClasses: 0, guidance: { omega: 2 } })).toThrow(
      'flowMatching: guidance must be null when numClasses is 0',
    );
  });

  it('weights each sample by 1 / (s + eps)^p, a constant to the gradient', () => {
    // With u = w everywhere and target 0 (x = e = 0): s = 2 w^2, gradient of s / stop(s + eps) is 4 w / (2 w^2 + eps)
    const constant = meanFlow({
      numClasses: 0,
      times: { instantFraction: 1 },
      weighting: { p: 1, eps: 0.5 },
    });
    const zero = {
      tensors: { e: tf.zeros([1, 2]), t: tf.ones([1]), r: tf.ones([1]), drop: tf.zeros([1]) },
      instantRows: 1,
    };
    const loss = (w: tf.Tensor) =>
      constant.loss((z) => tf.add(tf.mul(z, 0), w), tf.zeros([1, 2]), null, zero).loss;
    expect(value(loss(tf.scalar(3)))).toBeCloseTo(18 / 18.5, 5);
    expect(value(tf.grad(loss)(tf.scalar(3)))).toBeCloseTo(12 / 18.5, 5);
  });

  it('passes no gradient through target, weight or guidance', () => {
    // The gradient must equal that of mean s / constant with every constant frozen at its present value.
    const w = tf.tensor1d([0.7, -0.4, 1.1]);
    const gradient = tf.grad((v: tf.Tensor) => objective.loss(toyNetwork(v), x(), labels(), draws()).loss)(w);
    const frozen = toyNetwork(w);
    const mixed =
      (v: tf.Tensor): Network =>
      (z, r, t, y) => {
        const now = toyNetwork(v)(z, r, t, y);
        return tf.add(frozen(z, r, t, y), tf.sub(now, frozen(z, r, t, y))); // value and gradient of `now`
      };
    expectClose(
      tf.grad((v: tf.Tensor) => objective.loss(mixed(v), x(), labels(), draws()).loss)(w),
      gradient,
      1e-5,
    );
    const h = 1e-3;
    const frozenLoss = (v: tf.Tensor) => {
      const at = toTensors(objective.draw(4, [2], key));
      const target = frozenTarget(frozen, at);
      const s = tf.sum(tf.square(tf.sub(target.u(toyNetwork(v)), target.uTarget)), 1);
      return tf.mean(tf.div(s, tf.add(target.s, 0.01)));
    };
    const slope = [0, 1, 2].map((i) => {
      const step = tf.mul(tf.tensor1d([0, 1, 2].map((j) => (j === i ? 1 : 0))), h);
      return (value(frozenLoss(tf.add(w, step))) - value(frozenLoss(tf.sub(w, step)))) / (2 * h);
    });
    expectClose(gradient, slope, 5e-3);
  });

  /** The loss's constants, computed once with frozen weights, from the formulas. */
  function frozenTarget(network: Network, { tensors, instantRows }: ReturnType<typeof draws>) {
    const e = tensors['e'] as tf.Tensor2D;
    const t = tensors['t'] as tf.Tensor1D;
    const r = tensors['r'] as tf.Tensor1D;
    const drop = tensors['drop'] as tf.Tensor1D;
    const column = (v: tf.Tensor) => tf.reshape(v, [-1, 1]);
    const z = tf.add(tf.mul(tf.sub(1, column(t)), x()), tf.mul(column(t), e));
    const v = tf.sub(e, x());
    const nulls = tf.fill<tf.Rank.R1>([4], 3, 'int32');
    const guided = tf.addN([
      tf.mul(v, 1.5),
      tf.mul(network(z, t, t, nulls), 1 - 1.5 - 0.2),
      tf.mul(network(z, t, t, labels()), 0.2),
    ]);
    const vGuided = tf.where(tf.cast(tf.tile(column(drop), [1, 2]), 'bool'), v, guided);
    const y = tf.where(tf.cast(drop, 'bool'), nulls, labels());
    const terms = meanFlowTerms(network, z, vGuided, r, t, y, instantRows);
    const s = tf.sum(tf.square(tf.sub(terms.u, terms.uTarget)), 1);
    return { uTarget: terms.uTarget, s, u: (n: Network) => n(z, r, t, y) };
  }

  it('draws rows that do not depend on the batch size, and splits them', () => {
    const whole = objective.draw(8, [2], key);
    const half = objective.draw(4, [2], key);
    const rows = takeRows(whole, [0, 2, 4, 6]);
    expect(whole.instantRows).toBe(4);
    expect(rows.instantRows).toBe(2);
    expect([...(half.arrays['e']?.data ?? [])]).toEqual([...(whole.arrays['e']?.data ?? [])].slice(0, 8));
    expect([...(rows.arrays['e']?.data ?? [])].slice(2, 4)).toEqual(
      [...(whole.arrays['e']?.data ?? [])].slice(4, 6),
    );
    expect(objective.draw(4, [2], { ...key, step: 8 })).not.toEqual(half);
    expect(objective.draw(4, [2], { ...key, seed: 5 })).not.toEqual(half);
    expect(objective.draw(4, [2], key)).toEqual(half);
  });

  it('refuses options out of range and labels that do not fit', () => {
    expect(() => meanFlow({ numClasses: 3, times: { instantFraction: 75 } })).toThrow(
      'meanFlow: instantFraction must be in [0, 1], got 75. It is a share of the batch, not a count.',
    );
    expect(() => meanFlow({ numClasses: -1 })).toThrow(
      'meanFlow: numClasses must be an integer of at least 0, got -1.',
    );
    expect(() => meanFlow({ numClasses: 3, labelDropout: 2 })).toThrow(
      'meanFlow: labelDropout must be in [0, 1], got 2.',
    );
    expect(() => meanFlow({ numClasses: 0, guidance: { omega: 2 } })).toThrow(
      'meanFlow: guidance must be null when',
    );
    expect(() => meanFlow({ numClasses: 3, guidance: { tStart: 0.5, tEnd: 0.2 } })).toThrow(
      'meanFlow: guidance.tEnd must be in [0.5, 1], got 0.2. The interval is [tStart, tEnd].',
    );
    expect(() => objective.loss(pointMass(0), x(), null, draws())).toThrow(
      'meanFlow: y must be labels, since numClasses is 3',
    );
    expect(() => meanFlow({ numClasses: 0 }).loss(pointMass(0), x(), labels(), draws())).toThrow(
      'meanFlow: y must be null',
    );
    expect(() => objective.loss(pointMass(0), x(), labels(), { tensors: {}, instantRows: 0 })).toThrow(
      "meanFlow: draws must have an entry 'e'.",
    );
  });

  it('leaves no tensor behind', () => {
    const network = toyNetwork(tf.tensor1d([0.7, -0.4, 1.1]));
    const inputs = { x: x(), y: labels(), draws: draws() };
    expectNoLeak(() => {
      const { loss, logs } = objective.loss(network, inputs.x, inputs.y, inputs.draws);
      tf.dispose([loss, ...Object.values(logs)]);
    });
  });
});

describeBackends('flowMatching', () => {
  const objective = flowMatching({ numClasses: 0 });

  it('has the loss zero for the true velocity of a point mass', () => {
    const x = tf.fill([8, 3], 0.7);
    const { loss, logs } = objective.loss(pointMass(0.7), x, null, toTensors(objective.draw(8, [3], key)));
    expect(value(loss)).toBeLessThan(1e-8);
    expect(value(logs['rawLoss'])).toBe(value(loss));
    const off = objective.loss(pointMass(0.6), x, null, toTensors(objective.draw(8, [3], key)));
    expect(value(off.loss)).toBeGreaterThan(1e-3);
  });

  it('draws times from one logit-normal number', () => {
    const { arrays, instantRows } = objective.draw(4000, [1], key);
    const logits = [...(arrays['t']?.data ?? [])].map((t) => Math.log(t / (1 - t)));
    expect(instantRows).toBe(4000);
    expect(logits.reduce((a, b) => a + b) / 4000).toBeCloseTo(-0.4, 1);
  });
});
