import { jvp } from '@meanflow/jvp';
import { normals } from '@meanflow/random';
import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { attention, selfAttention } from './attention';
import { plainAttention } from './attention.testdata';
import { gatedResidual } from './gatedResidual';
import { gelu } from './gelu';
import { geluLinear } from './geluLinear';
import { layerNorm, layerNormModulate } from './layerNorm';
import { linear } from './linear';
import { matrixProduct } from './matrixProduct';
import { silu } from './silu';

// Every primitive against its definition in plain tfjs operations: value, reverse mode, forward mode, and the second
// order that the rules' own operations give.

type Inputs = tf.Tensor[];
interface Case {
  shapes: number[][];
  primitive: (...inputs: Inputs) => tf.Tensor;
  definition: (...inputs: Inputs) => tf.Tensor;
}
const at = (inputs: Inputs, i: number) => inputs[i]!;
const perToken = (x: tf.Tensor) => tf.expandDims(x, 1);

function plainGelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

function plainLayerNorm(x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-6)));
}

const cases: Record<string, Case> = {
  'linear with bias': {
    shapes: [[2, 3, 6], [6, 4], [4]],
    primitive: (...i) => linear(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) =>
      tf.add(tf.reshape(tf.matMul(tf.reshape(at(i, 0), [6, 6]), at(i, 1)), [2, 3, 4]), at(i, 2)),
  },
  'linear without bias, more columns than it is given': {
    shapes: [
      [5, 3],
      [3, 8],
    ],
    primitive: (...i) => linear(at(i, 0), at(i, 1)),
    definition: (...i) => tf.matMul(at(i, 0), at(i, 1)),
  },
  'matrixProduct of transposed matrices': {
    shapes: [
      [5, 6],
      [4, 5],
    ],
    primitive: (...i) =>
      matrixProduct(at(i, 0) as tf.Tensor2D, at(i, 1) as tf.Tensor2D, { transposeA: true, transposeB: true }),
    definition: (...i) => tf.matMul(at(i, 0), at(i, 1), true, true),
  },
  silu: { shapes: [[3, 5]], primitive: silu, definition: (x) => tf.mul(x, tf.sigmoid(x)) },
  gelu: {
    shapes: [[3, 5]],
    primitive: gelu,
    definition: plainGelu,
  },
  geluLinear: {
    shapes: [[2, 3, 5], [5, 4], [4]],
    primitive: (...i) => geluLinear(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) => linear(plainGelu(at(i, 0)), at(i, 1), at(i, 2)),
  },
  layerNorm: { shapes: [[2, 3, 6]], primitive: layerNorm, definition: plainLayerNorm },
  layerNormModulate: {
    shapes: [
      [2, 3, 6],
      [2, 6],
      [2, 6],
    ],
    primitive: (...i) => layerNormModulate(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) =>
      tf.add(tf.mul(plainLayerNorm(at(i, 0)), tf.add(1, perToken(at(i, 2)))), perToken(at(i, 1))),
  },
  gatedResidual: {
    shapes: [
      [2, 3, 6],
      [2, 6],
      [2, 3, 6],
    ],
    primitive: (...i) => gatedResidual(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) => tf.add(at(i, 0), tf.mul(perToken(at(i, 1)), at(i, 2))),
  },
  'layerNormModulate, a width of four times two': {
    shapes: [
      [2, 3, 8],
      [2, 8],
      [2, 8],
    ],
    primitive: (...i) => layerNormModulate(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) =>
      tf.add(tf.mul(plainLayerNorm(at(i, 0)), tf.add(1, perToken(at(i, 2)))), perToken(at(i, 1))),
  },
  'gatedResidual, a width of four times two': {
    shapes: [
      [2, 3, 8],
      [2, 8],
      [2, 3, 8],
    ],
    primitive: (...i) => gatedResidual(at(i, 0), at(i, 1), at(i, 2)),
    definition: (...i) => tf.add(at(i, 0), tf.mul(perToken(at(i, 1)), at(i, 2))),
  },
  selfAttention: {
    shapes: [[2, 5, 18]],
    primitive: (...i) => selfAttention(at(i, 0), 2),
    definition: (x) => plainAttention(...(tf.split(x, 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor]), 2),
  },
  attention: {
    shapes: [
      [2, 5, 6],
      [2, 5, 6],
      [2, 5, 6],
    ],
    primitive: (...i) => attention(at(i, 0), at(i, 1), at(i, 2), 2),
    definition: (...i) => plainAttention(at(i, 0), at(i, 1), at(i, 2), 2),
  },
};
const drawn = (shape: number[], seed: number) =>
  tf.tensor(normals({ seed, purpose: 'agreement' }, tf.util.sizeFromShape(shape)), shape);

function suite({ shapes, primitive, definition }: Case): void {
  const inputs = () => shapes.map(drawn);
  const directions = () => shapes.map((shape, i) => drawn(shape, 100 + i));
  const weight = (y: tf.Tensor) => drawn(y.shape, 200);
  const gradients = (f: Case['primitive'], x: Inputs) => tf.grads(f)(x, weight(f(...x)));
  const push = (f: Case['primitive'], x: Inputs, d: (tf.Tensor | null)[]) => jvp(f, x, d).tangent;
  const within = 1e-5;

  it('has its value', () => {
    tf.tidy(() => {
      expectClose(primitive(...inputs()), definition(...inputs()), within);
    });
  });
  it('has its gradients', () => {
    tf.tidy(() => {
      const expected = gradients(definition, inputs());
      for (const [i, gradient] of gradients(primitive, inputs()).entries()) {
        expect(gradient.shape).toEqual(shapes[i]);
        expectClose(gradient, expected[i]!, within);
      }
    });
  });
  it('has its tangent, in all arguments at once and in each alone', () => {
    tf.tidy(() => {
      const alone = shapes.map((_, i) => directions().map((d, j) => (i === j ? d : null)));
      for (const direction of [directions(), ...alone]) {
        expectClose(push(primitive, inputs(), direction), push(definition, inputs(), direction), within);
      }
    });
  });
  it('has forward and reverse modes that agree, <w, J d> = <J^T w, d>', () => {
    tf.tidy(() => {
      const forward = push(primitive, inputs(), directions());
      const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0]!;
      const reverse = gradients(primitive, inputs()).map((g, i) => dot(g, directions()[i]!));
      const size = Math.sqrt(dot(forward, forward) * dot(weight(forward), weight(forward)));
      const difference = dot(forward, weight(forward)) - reverse.reduce((a, b) => a + b, 0);
      expect(Math.abs(difference)).toBeLessThan(within * size);
    });
  });
  it('has its second derivative: forward over reverse, and reverse over forward', () => {
    tf.tidy(() => {
      // Squared, so that the second derivative depends on every argument.
      const squared = (f: Case['primitive']) => {
        return (...x: Inputs) => tf.sum(tf.mul(tf.square(f(...x)), weight(f(...x))));
      };
      const overReverse = (f: Case['primitive']) =>
        jvp((...x: Inputs) => tf.grads(squared(f))(x), inputs(), directions());
      const overForward = (f: Case['primitive']) =>
        tf.grads((...x: Inputs) => jvp(squared(f), x, directions(), { differentiable: true }).tangent)(
          inputs(),
        );
      for (const second of [(f: Case['primitive']) => overReverse(f).tangent, overForward]) {
        const expected = second(definition);
        for (const [i, tensor] of second(primitive).entries()) expectClose(tensor, expected[i]!, 10 * within);
      }
    });
  });
  it('leaves no tensor behind and keeps its arguments', () => {
    const [x, d] = [inputs(), directions()];
    expectNoLeak(() => {
      tf.dispose(primitive(...x));
      tf.dispose({ ...jvp(primitive, x, d) });
      tf.dispose(tf.grads(primitive)(x));
    });
    for (const tensor of [...x, ...d]) expect(tensor.isDisposed).toBe(false);
    tf.dispose([x, d]);
  });
}

describeBackends('primitives', () => {
  describe.each(Object.entries(cases))('%s', (_, definition) => {
    suite(definition);
  });
});
