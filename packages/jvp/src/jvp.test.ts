import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, expect, expectTypeOf, it, vi } from 'vitest';
import { jvp } from './jvp';
import { registerJvp } from './registry';
import { stopGradient } from './trace';

const number = (x: tf.Tensor) => x.dataSync()[0] ?? NaN;

describeBackends('jvp', () => {
  it('gives the known derivative of a polynomial', () => {
    // f(x) = x^3, f'(2) = 12, in direction 0.5: 6
    const { value, tangent } = jvp(
      (x: tf.Scalar) => tf.mul(tf.square(x), x),
      [tf.scalar(2)],
      [tf.scalar(0.5)],
    );
    expect(number(value)).toBe(8);
    expect(number(tangent)).toBeCloseTo(6, 5);
  });

  it('adds the contributions of all inputs, in containers too', () => {
    const weights = { a: tf.scalar(3), list: [tf.scalar(5)] };
    const f = (x: tf.Scalar, w: typeof weights) => ({
      product: tf.mul(x, w.a),
      sum: [tf.add(x, w.list[0] ?? 0)],
    });
    const { value, tangent } = jvp(
      f,
      [tf.scalar(2), weights],
      [tf.scalar(1), { a: tf.scalar(10), list: null }],
    );
    expect(number(value.product)).toBe(6);
    expect(number(tangent.product)).toBe(1 * 3 + 2 * 10);
    expect(number(tangent.sum[0]!)).toBe(1);
    expectTypeOf(tangent).toEqualTypeOf(value);
  });

  it('treats captured tensors as constants, even the primal itself', () => {
    const x = tf.scalar(3);
    const { tangent } = jvp((y: tf.Scalar) => tf.mul(x, y), [x], [tf.scalar(1)]);
    expect(number(tangent)).toBe(3); // not 6
  });

  it('tells the same tensor at two places apart', () => {
    const x = tf.scalar(3);
    const { tangent } = jvp(
      (a: tf.Scalar, b: tf.Scalar) => tf.sub(a, b),
      [x, x],
      [tf.scalar(5), tf.scalar(2)],
    );
    expect(number(tangent)).toBe(3);
  });

  it('gives zeros for what does not depend on the inputs, and for integers', () => {
    const f = (x: tf.Tensor1D) => ({ constant: tf.tensor1d([1, 2]), index: tf.argMax(x), same: x });
    const { tangent } = jvp(f, [tf.tensor1d([1, 3])], [tf.tensor1d([4, 5])]);
    expect([...tangent.constant.dataSync()]).toEqual([0, 0]);
    expect(number(tangent.index)).toBe(0);
    expect([...tangent.same.dataSync()]).toEqual([4, 5]);
  });

  it('is linear in the direction', () => {
    const x = tf.tensor1d([0.3, -1, 2]);
    const f = (y: tf.Tensor) => tf.softmax(tf.mul(y, tf.sin(y)));
    const at = (d: number[]) => jvp(f, [x], [tf.tensor1d(d)]).tangent;
    expectClose(tf.add(tf.mul(at([1, 0, 2]), 2), at([0, 3, 1])), at([2, 3, 5]), 1e-5);
  });

  it('leaves the tangent off the reverse tape', () => {
    // d/dx [x^2 + d(x^2)[1]] = 2x when the tangent 2x is a constant
    const f = (x: tf.Tensor) => {
      const { value, tangent } = jvp((y: tf.Tensor) => tf.square(y), [x], [tf.onesLike(x)]);
      return tf.add<tf.Scalar>(value, tangent);
    };
    expect(number(tf.grad(f)(tf.scalar(3)))).toBe(6);
  });

  it('puts the tangent on the reverse tape on request', () => {
    // d/dx [x^3 + 3 x^2] = 3 x^2 + 6 x
    const f = (x: tf.Tensor) => {
      const cube = (y: tf.Tensor) => tf.mul(tf.square(y), y);
      const { value, tangent } = jvp(cube, [x], [tf.onesLike(x)], { differentiable: true });
      return tf.add(value, tangent);
    };
    expect(number(tf.grad(f)(tf.scalar(2)))).toBeCloseTo(3 * 4 + 6 * 2, 4);
  });

  it('nests: the third derivative of x^5 forward over forward over forward', () => {
    const one = tf.scalar(1);
    const derive = (f: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) => jvp(f, [x], [one]).tangent;
    const power = (x: tf.Tensor) => tf.mul(tf.square(tf.square(x)), x);
    expect(number(derive(derive(derive(power)))(tf.scalar(1.5)))).toBeCloseTo(60 * 1.5 ** 2, 2);
  });

  it('does not confuse nested perturbations', () => {
    // d/dx [x d/dy (x + y)] at y = 1 is 1; a confused implementation says 2
    const one = tf.scalar(1);
    const f = (x: tf.Tensor) => tf.mul(x, jvp((y: tf.Tensor) => tf.add(x, y), [one], [one]).tangent);
    expect(number(jvp(f, [tf.scalar(4)], [one]).tangent)).toBe(1);
  });

  it('runs over reverse mode: Hessian-vector products', () => {
    // f = sum exp(x) x^2 + prod-like coupling; H d by forward over reverse against reverse over forward
    const f = (x: tf.Tensor) => tf.sum(tf.mul(tf.exp(x), tf.mul(tf.square(x), tf.reverse(tf.sigmoid(x)))));
    const x = tf.tensor1d([0.2, -0.5, 0.9]);
    const d = tf.tensor1d([1, 2, -1]);
    const forwardOverReverse = jvp((y: tf.Tensor) => tf.grad((z) => f(z))(y), [x], [d]).tangent;
    const reverseOverForward = tf.grad((y: tf.Tensor) => jvp(f, [y], [d], { differentiable: true }).tangent)(
      x,
    );
    expectClose(forwardOverReverse, reverseOverForward, 1e-5);
    const h = 1e-2;
    const moved = (s: number) => tf.grad((z: tf.Tensor) => f(z))(tf.add(x, tf.mul(d, s)));
    expectClose(forwardOverReverse, tf.div(tf.sub(moved(h), moved(-h)), 2 * h), 2e-3);
  });

  it('differentiates variables passed as primals, inside variableGrads', () => {
    const w = tf.tidy(() => tf.variable(tf.scalar(3), true, 'jvp-test-variable'));
    const { value, grads } = tf.variableGrads(() => {
      const result = jvp((v: tf.Tensor) => tf.mul(tf.square(v), w), [w], [tf.scalar(1)]);
      return tf.add<tf.Scalar>(result.value, result.tangent);
    }, [w]);
    expect(number(value)).toBe(27 + 18); // w v^2 + 2 w v at v = w
    expect(number(grads[w.name]!)).toBe(27); // only the value: 3 w^2
    w.dispose();
  });

  it('stops gradients in both directions', () => {
    const f = (y: tf.Tensor) =>
      tf.mul(
        y,
        stopGradient(() => tf.square(y)),
      );
    const x = tf.scalar(2);
    expect(number(f(x))).toBe(8);
    expect(number(tf.grad(f)(x))).toBe(4); // not 12
    expect(number(jvp(f, [x], [tf.scalar(1)]).tangent)).toBe(4);
    expectNoLeak(() => {
      tf.dispose(tf.tidy(() => tf.grad(f)(x)));
    });
  });

  it('leaves no tensor behind, also when nested, taped or failing', () => {
    const f = (x: tf.Tensor) => tf.sum(tf.softmax(tf.mul(tf.exp(x), x)));
    const x = tf.tensor1d([0.1, 0.2]);
    const d = tf.tensor1d([1, -1]);
    expectNoLeak(() => {
      tf.dispose({ ...jvp(f, [x], [d]) });
    });
    expectNoLeak(() => {
      tf.dispose(jvp((y: tf.Tensor) => tf.grad((z) => f(z))(y), [x], [d]) as unknown as tf.TensorContainer);
    });
    expectNoLeak(() => {
      tf.dispose(tf.grad((y: tf.Tensor) => jvp(f, [y], [d], { differentiable: true }).tangent)(x));
    });
    expectNoLeak(() => {
      expect(() => jvp((y: tf.Tensor) => tf.topk(tf.exp(y), 1).values, [x], [d])).toThrow('TopK');
    });
  });

  it('lets tangents die with their primals', () => {
    // A chain of 20 operations, each disposing the one before: the live bytes must not grow with the length.
    const peak = (length: number) => {
      let most = 0;
      const f = (x: tf.Tensor) => {
        let y = tf.exp(x);
        for (let i = 0; i < length; i++) {
          const next = tf.sin(y);
          y.dispose();
          y = next;
          most = Math.max(most, tf.memory().numBytes);
        }
        return y;
      };
      const x = tf.ones([1000]);
      const { value, tangent } = jvp(f, [x], [x]);
      tf.dispose([value, tangent, x]);
      return most;
    };
    expect(peak(20)).toBe(peak(2));
  });

  it('lets tangents die with their primals under a reverse tape, whose saved tensors live on', () => {
    const x = tf.ones([1000]);
    const measure = (inner: (y: tf.Tensor) => tf.Tensor) => {
      let most = 0;
      const g = tf.grad((y: tf.Tensor) => {
        const out = inner(y);
        most = tf.memory().numBytes;
        return tf.sum(out);
      })(x);
      g.dispose();
      return most;
    };
    const chain = (y: tf.Tensor) => {
      for (let i = 0; i < 20; i++) y = tf.tidy(() => tf.mul(tf.sin(y), 1.01));
      return y;
    };
    const plain = measure(chain);
    const traced = measure((y) => jvp(chain, [y], [x]).value);
    expect(traced - plain).toBeLessThan(4 * 4000); // a few tangents, not the forty that the chain computes
  });
});

describeBackends(
  'jvp refusals and rules',
  () => {
    let x: tf.Scalar;
    beforeEach(() => {
      x = tf.scalar(1);
    });

    it('names a kernel without a rule, and takes one from registerJvp', () => {
      const values = (y: tf.Tensor1D) => tf.topk(y, 2).values;
      const y = tf.tensor1d([1, 5, 3]);
      const d = tf.tensor1d([10, 20, 30]);
      expect(() => jvp(values, [y], [d])).toThrow(
        /^jvp: the kernel TopK has no forward-mode rule\. Give it one with registerJvp/,
      );
      registerJvp('TopK', ({ outputs, tangents }) => [
        tf.gather(tangents['x']!, outputs[1] as tf.Tensor1D),
        null,
      ]);
      expect([...jvp(values, [y], [d]).tangent.dataSync()]).toEqual([20, 30]);
    });

    it('refuses a rule that is no function or returns another shape', () => {
      expect(() => {
        registerJvp('Nothing', 3 as never);
      }).toThrow('registerJvp: the rule of Nothing must be a function, got number.');
      registerJvp('Cumprod', () => tf.zeros([7]));
      expect(() =>
        jvp((y: tf.Tensor1D) => tf.cumprod(y), [tf.tensor1d([1, 2])], [tf.tensor1d([1, 2])]),
      ).toThrow("jvp: the rule of Cumprod must return a tangent of the output's shape [2], got [7].");
    });

    it('refuses a tangent of another shape, naming the place', () => {
      const f = (_: tf.Tensor, w: { a: tf.Tensor[] }) => w.a[0]!;
      expect(() => jvp(f, [x, { a: [tf.zeros([2])] }], [null, { a: [tf.zeros([3])] }])).toThrow(
        'jvp: tangents[1].a[0] must have the shape of its primal, [2], got [3].',
      );
    });

    it('refuses a tangent for integers, and an integer tangent', () => {
      const i = tf.scalar(1, 'int32');
      expect(() => jvp((y: tf.Tensor) => y, [i], [i])).toThrow(
        'jvp: a tangent needs a float32 primal, but primals[0] is int32. Pass null as its tangent.',
      );
      expect(() => jvp((y: tf.Tensor) => y, [x], [i as never])).toThrow(
        'jvp: tangents[0] must be float32, like its primal, got int32.',
      );
    });

    it('refuses lists that do not match', () => {
      expect(() => jvp((y: tf.Tensor) => y, [x], [] as never)).toThrow(
        'jvp: tangents must be a list of 1, like primals, got a list of 0. Use null for a zero tangent.',
      );
      expect(() => jvp(((y: tf.Tensor) => y) as never, x as never, [x])).toThrow(
        'jvp: primals must be a list',
      );
      expect(() => jvp((y: tf.Tensor) => y, [x], [3 as never])).toThrow(
        'jvp: tangents[0] must be a tensor or null',
      );
    });

    it('refuses an asynchronous function', () => {
      const f = (async (y: tf.Tensor) => {
        await Promise.resolve();
        return y;
      }) as never;
      // tfjs logs a message of its own about promises in a tidy
      const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      expect(() => jvp(f, [x], [x])).toThrow('jvp: f must be synchronous, but it returned a promise.');
      error.mockRestore();
    });

    it('refuses a differentiable tangent through an operation that hides its inside from the tape', () => {
      const f = (y: tf.Tensor) =>
        jvp((z: tf.Tensor) => tf.logSoftmax(z), [y], [y], { differentiable: true }).tangent;
      expect(() => tf.grad(f)(tf.tensor1d([1, 2]))).toThrow('jvp: a differentiable tangent cannot pass');
      expect(
        jvp((z: tf.Tensor) => tf.logSoftmax(z), [tf.tensor1d([1, 2])], [tf.tensor1d([1, 2])]).tangent.shape,
      ).toEqual([2]);
    });

    it('restores the engine when f throws', () => {
      const own = Object.keys(tf.engine());
      const f = (): tf.Tensor => {
        throw new Error('mine');
      };
      expect(() => jvp(f, [x], [x])).toThrow('mine');
      expect(Object.keys(tf.engine())).toEqual(own);
      expect(number(jvp((y: tf.Tensor) => tf.square(y), [x], [x]).tangent)).toBe(2);
    });
  },
  ['cpu'],
);
