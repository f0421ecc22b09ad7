import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { setRecomputeBarrier } from './barrier';
import { jvp } from './jvp';
import { recompute } from './recompute';
import { stopGradient } from './trace';

/** A layer with an intermediate result in every operation's backward pass. */
const layer = (x: tf.Tensor, w: tf.Tensor) => tf.mul(tf.sigmoid(tf.mul(x, w)), tf.exp(tf.sin(x)));
type Layer = typeof layer;
const again: Layer = (x, w) => recompute(layer, [x, w]);
const nested: Layer = (x, w) => recompute((a, b) => again(tf.square(again(a, b)), b), [x, w]);
const plainNested: Layer = (x, w) => layer(tf.square(layer(x, w)), w);

const point = (): [tf.Tensor, tf.Tensor] => [tf.tensor1d([0.5, -1.2, 0.3]), tf.tensor1d([1.1, 0.4, -0.6])];
const direction = (): [tf.Tensor, tf.Tensor] => [tf.tensor1d([0.2, 1, -1]), tf.tensor1d([-1, 0.4, 2])];
const squares = (f: Layer) => (x: tf.Tensor, w: tf.Tensor) => tf.sum(tf.square(f(x, w)));

const derivatives: Record<string, (f: Layer) => tf.Tensor[]> = {
  value: (f) => [f(...point())],
  gradient: (f) => tf.grads(squares(f))(point()),
  'gradient in one input': (f) => tf.grads((x: tf.Tensor) => squares(f)(x, point()[1]))([point()[0]]),
  'gradient, the input of two calls': (f) => tf.grads((x, w) => tf.sum(tf.mul(f(x, w), f(w, x))))(point()),
  'gradient, one tensor in both places': (f) => [tf.grad((x) => tf.sum(f(x, x)))(point()[0])],
  'forward derivative': (f) => [jvp(f, point(), direction()).tangent],
  'gradient of a loss with a constant tangent': (f) =>
    tf.grads((x, w) => {
      const { value, tangent } = jvp(f, [x, w], direction());
      return tf.sum(tf.square(tf.sub(value, tangent)));
    })(point()),
  'forward over reverse': (f) => {
    const gradients = (x: tf.Tensor, w: tf.Tensor) => tf.grads(squares(f))([x, w]);
    return jvp(gradients, point(), direction()).tangent;
  },
  'reverse over forward': (f) =>
    tf.grads((x, w) =>
      squares((a, b) => jvp(f, [a, b], direction(), { differentiable: true }).tangent)(x, w),
    )(point()),
  'gradient of a part without gradient': (f) =>
    tf.grads((x, w) =>
      tf.sum(
        tf.mul(
          tf.mul(x, w),
          stopGradient(() => f(x, w)),
        ),
      ),
    )(point()),
};

describeBackends('recompute', () => {
  afterEach(() => {
    setRecomputeBarrier(null);
  });

  describe.each([
    { title: 'once', ours: again, plain: layer },
    { title: 'nested', ours: nested, plain: plainNested },
  ])('$title', ({ ours, plain }) => {
    it.each(Object.entries(derivatives))('has the %s of the function itself', (_, derive) => {
      tf.tidy(() => {
        const [actual, expected] = [derive(ours), derive(plain)];
        expect(actual).toHaveLength(expected.length);
        // Not bit for bit: the gradients of an input that f uses twice are added in another order.
        for (const [i, tensor] of actual.entries()) expectClose(tensor, expected[i]!, 1e-6);
      });
    });
    it.each(Object.entries(derivatives))('leaves no tensor behind after the %s', (_, derive) => {
      expectNoLeak(() => {
        tf.tidy(() => {
          derive(ours);
        });
      });
    });
  });

  it('has the gradient of a gradient', () => {
    tf.tidy(() => {
      // x^4, twice: 12 x^2. (Not through exp: tfjs's own second gradient does not see a saved output.)
      const fourth = (x: tf.Tensor) => tf.square(tf.square(x));
      const f = (x: tf.Tensor) => tf.sum(recompute(fourth, [x]));
      const second = tf.grad((x) => tf.sum(tf.grad(f)(x)))(tf.tensor1d([1, 2]));
      expectClose(second, [12, 48], 1e-6);
    });
  });

  it('computes f once forward and once backward, and not again where nothing is differentiated', () => {
    tf.tidy(() => {
      let calls = 0;
      const counted: Layer = (x, w) => {
        calls++;
        return layer(x, w);
      };
      const f: Layer = (x, w) => recompute(counted, [x, w]);
      tf.grads(squares(f))(point());
      expect(calls).toBe(2);
      f(...point());
      expect(calls).toBe(3);
      tf.grad((x) =>
        tf.sum(
          tf.mul(
            x,
            stopGradient(() => f(x, x)),
          ),
        ),
      )(point()[0]);
      expect(calls).toBe(4);
    });
  });

  it('differentiates variables, and functions that take gradients themselves', () => {
    tf.tidy(() => {
      const [x, w] = point();
      const variable = tf.variable(w);
      // A force, -dE/dx, as the function: its gradient is a second derivative.
      const force = (a: tf.Tensor, b: tf.Tensor) => tf.grad((p) => tf.sum(tf.mul(b, tf.square(p))))(a);
      const loss = () => tf.sum<tf.Scalar>(tf.square(recompute(force, [x, variable])));
      const { grads } = tf.variableGrads(loss, [variable]);
      // force = 2 b a, so the loss is sum 4 a^2 b^2 and its derivative 8 a^2 b
      expectClose(grads[variable.name]!, tf.mul(8, tf.mul(tf.square(x), w)), 1e-6);
      const withTangent = () => {
        const { value, tangent } = jvp((a: tf.Tensor) => recompute(force, [a, variable]), [x], [w]);
        return tf.sum<tf.Scalar>(tf.mul(value, tangent)); // 2 b a * constant 2 b w
      };
      const constant = tf.mul(2, tf.square(w));
      expectClose(tf.variableGrads(withTangent, [variable]).grads[variable.name]!, tf.mul(tf.mul(2, x), constant), 1e-6); // prettier-ignore
    });
  });

  it('passes on an input or a tensor from outside as a result of its own', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2]);
      const same = recompute((a) => a, [x]);
      expect(same).not.toBe(x);
      expectClose(tf.grad((a) => tf.sum(tf.square(recompute((b: tf.Tensor) => b, [a]))))(x), [2, 4], 0);
      const outside = tf.tensor1d([3, 4]);
      expectClose(
        tf.grad((a) =>
          tf.sum(
            tf.add(
              a,
              recompute(() => outside, [a]),
            ),
          ),
        )(x),
        [1, 1],
        0,
      );
      expect([x.isDisposed, outside.isDisposed]).toEqual([false, false]);
      expectTypeOf(
        recompute((a: tf.Tensor2D) => a, [tf.zeros<tf.Rank.R2>([1, 1])]),
      ).toEqualTypeOf<tf.Tensor2D>();
    });
  });

  it('keeps one tensor a layer instead of all that is in it', async () => {
    const peak = async (f: Layer) => {
      const deep = (x: tf.Tensor, w: tf.Tensor) => {
        for (let i = 0; i < 8; i++) x = tf.tidy(() => f(f(x, w), w));
        return tf.sum(x);
      };
      const [x, w] = [tf.ones([1000]), tf.ones([1000])];
      const { peakBytes, result } = await tf.profile(() => tf.tidy(() => tf.grads(deep)([x, w])));
      tf.dispose([x, w, result]);
      return peakBytes;
    };
    const twoLayers: Layer = (x, w) => recompute((a, b) => layer(layer(a, b), b), [x, w]);
    expect(await peak(twoLayers)).toBeLessThan(0.6 * (await peak(layer)));
  });

  it('leaves nothing behind when f throws, in the first pass or in the second', () => {
    let calls = 0;
    let failing = 1;
    const fails: Layer = (x, w) => {
      const y = layer(x, w);
      calls++;
      if (calls === failing) throw new Error('no');
      return y;
    };
    const attempt = () => {
      calls = 0;
      tf.tidy(() => {
        expect(() => tf.grads(squares((x, w) => recompute(fails, [x, w])))(point())).toThrow('no');
      });
    };
    expectNoLeak(attempt);
    const { gradientDepth, kernelDepth } = tf.engine().state;
    failing = 2;
    attempt();
    expect(tf.engine().state).toMatchObject({ gradientDepth, kernelDepth });
  });

  it('sends the inputs of the second pass through the barrier, with the gradient that arrives', () => {
    tf.tidy(() => {
      const calls: number[][] = [];
      const previous = setRecomputeBarrier((tensors, after) => {
        calls.push([tensors.length, ...after.shape]);
        return tensors.map((tensor) => tf.clone(tensor));
      });
      expect(previous).toBeNull();
      const [actual, expected] = [again, layer].map((f) => tf.grads(squares(f))(point()));
      expect(calls).toEqual([[2, 3]]);
      for (const [i, tensor] of actual!.entries()) expectClose(tensor, expected![i]!, 0);
    });
  });
});
