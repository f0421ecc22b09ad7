import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { jvp } from './jvp';
import { definePrimitive } from './primitive';

/** y = a exp(k b), with its derivatives written out. */
const scaledExp = definePrimitive<{ a: tf.Tensor; b: tf.Tensor }, { k: number }>({
  name: 'ScaledExp',
  forward: ({ a, b }, { k }) => tf.mul(a, tf.exp(tf.mul(b, k))),
  vjp: ({ inputs: { b }, output, dy, attrs: { k } }) => ({
    a: tf.mul(dy, tf.exp(tf.mul(b, k))),
    b: tf.mul(dy, tf.mul(output, k)),
  }),
  jvp: ({ inputs: { b }, tangents, output, attrs: { k } }) => {
    const fromA = tangents.a === undefined ? null : tf.mul(tangents.a, tf.exp(tf.mul(b, k)));
    const fromB = tangents.b === undefined ? null : tf.mul(output, tf.mul(tangents.b, k));
    if (fromA === null) return fromB;
    return fromB === null ? fromA : tf.add(fromA, fromB);
  },
});
const composite = (a: tf.Tensor, b: tf.Tensor) => tf.mul(a, tf.exp(tf.mul(b, 0.7)));
const primitive = (a: tf.Tensor, b: tf.Tensor) => scaledExp({ a, b }, { k: 0.7 });

describeBackends('definePrimitive', () => {
  const point = (): [tf.Tensor, tf.Tensor] => [tf.tensor1d([1, -2, 0.5]), tf.tensor1d([0.3, 0.1, -1])];
  const direction = (): [tf.Tensor, tf.Tensor] => [tf.tensor1d([0.2, 1, -1]), tf.tensor1d([-1, 0.4, 2])];
  type Op = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
  const sumOfSquares = (op: Op) => (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(op(a, b)));

  const derivatives: Record<string, (op: Op) => tf.Tensor[]> = {
    value: (op) => [op(...point())],
    'forward derivative': (op) => [jvp(op, point(), direction()).tangent],
    'forward derivative in one input': (op) => [jvp(op, point(), [null, direction()[1]]).tangent],
    'reverse derivative': (op) => tf.grads(sumOfSquares(op))(point()),
    'second forward derivative': (op) => {
      const first = (a: tf.Tensor, b: tf.Tensor) => jvp(op, [a, b], direction()).tangent;
      return [jvp(first, point(), direction()).tangent];
    },
    'forward over reverse': (op) => {
      const gradients = (a: tf.Tensor, b: tf.Tensor) => tf.grads(sumOfSquares(op))([a, b]);
      return jvp(gradients, point(), direction()).tangent;
    },
    'reverse over forward': (op) => {
      const tangent = (a: tf.Tensor, b: tf.Tensor) =>
        tf.sum(tf.square(jvp(op, [a, b], direction(), { differentiable: true }).tangent));
      return tf.grads(tangent)(point());
    },
  };

  it.each(Object.entries(derivatives))('has the %s of its composite', (_, derive) => {
    const actual = derive(primitive);
    const expected = derive(composite);
    expect(actual).toHaveLength(expected.length);
    for (const [i, tensor] of actual.entries()) expectClose(tensor, expected[i]!, 3e-6);
  });

  it.each(Object.entries(derivatives))('leaves no tensor behind after the %s', (_, derive) => {
    expectNoLeak(() => {
      tf.tidy(() => {
        derive(primitive);
      });
    });
  });

  it('has second reverse derivatives when it does not need its output', () => {
    const cube = definePrimitive<{ x: tf.Tensor }, object>({
      name: 'Cube',
      forward: ({ x }) => tf.mul(tf.square(x), x),
      vjp: ({ inputs: { x }, dy }) => ({ x: tf.mul(dy, tf.mul(tf.square(x), 3)) }),
      jvp: ({ inputs: { x }, tangents }) => tf.mul(tangents.x ?? 0, tf.mul(tf.square(x), 3)),
      needsOutput: false,
    });
    const second = tf.grad((x: tf.Tensor) => tf.grad((y) => cube({ x: y }, {}))(x));
    expect(second(tf.scalar(2)).dataSync()[0]).toBeCloseTo(12, 5); // (x^3)'' = 6 x
  });

  it('gives inputs that vjp leaves out the gradient zero', () => {
    const first = definePrimitive<{ x: tf.Tensor; ids: tf.Tensor }, object>({
      name: 'First',
      forward: ({ x }) => x,
      vjp: ({ dy }) => ({ x: dy }),
      jvp: ({ tangents }) => tangents.x ?? null,
      needsOutput: false,
    });
    const [dx, dIds] = tf.grads((x: tf.Tensor, ids: tf.Tensor) => tf.mul(first({ x, ids }, {}), 3))([
      tf.scalar(1),
      tf.scalar(2),
    ]) as [tf.Tensor, tf.Tensor];
    expect([dx.dataSync()[0], dIds.dataSync()[0]]).toEqual([3, 0]);
  });
});
