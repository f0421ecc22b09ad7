import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { compile, createProgram, fused, registerCompiler } from './index';
import { tensorflowCompiler } from './tensorflow/index';

registerCompiler(tensorflowCompiler);

const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];

/** A variable and a compiled function that adds to it. */
function counter(): { total: tf.Variable; add: ((x: tf.Tensor) => tf.Scalar) & { dispose(): void } } {
  const total = tf.variable(tf.tensor1d([1, 2]));
  const add = compile(function addTo(x: tf.Tensor): tf.Scalar {
    total.assign(tf.add(total, x));
    return tf.sum<tf.Scalar>(total);
  });
  return { total, add };
}

describeBackends('compile', () => {
  it('returns what the function returns', () => {
    const f = compile((x: tf.Tensor1D, options: { y: tf.Tensor1D; scale: number }) => ({
      sum: tf.add(tf.mul(x, options.scale), options.y),
      names: ['sum', null],
    }));
    expectTypeOf(f).returns.toEqualTypeOf<{ sum: tf.Tensor; names: (string | null)[] }>();
    for (let i = 0; i < 4; i++) {
      const { sum, names } = f(tf.tensor1d([i, 2]), { y: tf.tensor1d([10, 20]), scale: 2 });
      expect(numbers(sum)).toEqual([10 + 2 * i, 24]);
      expect(names).toEqual(['sum', null]);
    }
    f.dispose();
  });
  it('returns tensors of their own, even for arguments, variables and constants', () => {
    const [v, c] = [tf.variable(tf.scalar(5)), tf.scalar(7)];
    const f = compile((x: tf.Tensor) => [x, v, c, x]);
    for (let i = 0; i < 3; i++) {
      const x = tf.scalar(i);
      const results = f(x);
      expect(results.flatMap(numbers)).toEqual([i, 5, 7, i]);
      if (tf.getBackend() === 'tensorflow') {
        tf.dispose(results);
        expect([x, v, c].flatMap(numbers)).toEqual([i, 5, 7]);
      }
    }
    f.dispose();
  });
  it('tells apart arguments that are the same tensor at first', () => {
    const f = compile((x: tf.Tensor, y: tf.Tensor) => tf.sub(x, y));
    const one = tf.scalar(1);
    expect(numbers(f(one, one))).toEqual([0]);
    expect(numbers(f(one, tf.scalar(5)))).toEqual([-4]);
    expect(numbers(f(tf.scalar(9), one))).toEqual([8]);
    f.dispose();
  });
  it('assigns variables, which read, copy and take values as always', () => {
    const { total, add } = counter();
    const ones = tf.tensor1d([1, 1]);
    for (let i = 1; i <= 5; i++) {
      expect(numbers(add(ones))).toEqual([3 + 2 * i]);
      if (i !== 3) expect(numbers(total)).toEqual([1 + i, 2 + i]);
    }
    const copy = tf.clone(total);
    const doubled = tf.mul(total, 2);
    add(ones);
    expect(numbers(copy)).toEqual([6, 7]);
    expect(numbers(doubled)).toEqual([12, 14]);
    expect(numbers(total)).toEqual([7, 8]);
    total.assign(tf.tensor1d([0, 10]));
    expect(numbers(add(ones))).toEqual([12]);
    add.dispose();
    expect(numbers(total)).toEqual([1, 11]);
    total.assign(ones);
    expect(numbers(total)).toEqual([1, 1]);
  });
  it('does not take the copy of a variable for the variable', () => {
    const w = tf.variable(tf.scalar(3));
    const start = tf.clone(w); // shares its memory
    const also = tf.variable(w); // likewise
    const step = compile(() => {
      w.assign(tf.add(w, 1));
      return [tf.sub(w, start), tf.clone(also)];
    });
    for (let i = 1; i <= 4; i++) expect(step().flatMap(numbers)).toEqual([i, 3]);
    step.dispose();
  });
  it('sees in one function what another of its program has assigned', () => {
    const program = createProgram();
    const [w, gradient] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.zeros([2]))];
    const differentiate = program.compile((x: tf.Tensor) => {
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(tf.square(w), x)), [w]);
      gradient.assign(grads[w.name]!);
      return value;
    });
    const update = program.compile((rate: tf.Scalar) => {
      w.assign(tf.sub(w, tf.mul(rate, gradient)));
      return null;
    });
    const expected = [1, 2];
    for (let i = 0; i < 4; i++) {
      expectClose(differentiate(tf.tensor1d([1, 3])), [expected[0]! ** 2 + 3 * expected[1]! ** 2], 1e-6);
      expect(update(tf.scalar(0.25))).toBeNull();
      expected[0]! -= 0.25 * 2 * expected[0]!;
      expected[1]! -= 0.25 * 6 * expected[1]!;
      expectClose(w, expected, 1e-6);
    }
    program.dispose();
    expectClose(w, expected, 1e-6);
    expect(() => update(tf.scalar(1))).toThrow('is disposed. Create a new one.');
  });
  it('records anew for other shapes and plain values, and keeps the state', () => {
    const total = tf.variable(tf.scalar(0));
    const f = compile((x: tf.Tensor, factor: number) => {
      total.assign(tf.add(total, tf.mul(tf.sum(x), factor)));
      return tf.clone(total);
    });
    const results = [1, 2, 3, 2, 1, 3].map((size, i) => numbers(f(tf.ones([size]), i < 3 ? 1 : 10))[0]);
    expect(results).toEqual([1, 3, 6, 26, 36, 66]);
    f.dispose();
  });
  it('works inside of tidy and leaves nothing behind', () => {
    const { total, add } = counter();
    const step = () => {
      tf.tidy(() => {
        const ones = tf.ones([2]);
        add(ones);
      });
    };
    step();
    step();
    expectNoLeak(step);
    add.dispose();
    total.dispose();
  });
  it('calls a marked function', () => {
    const nested = fused(() => fused(() => 3));
    expect(nested).toBe(3);
    expect(() =>
      fused(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(numbers(fused(() => tf.add(1, 2)))).toEqual([3]);
  });
  it('refuses a function that returns a promise', () => {
    const f = compile(async function later() {
      await Promise.resolve();
    });
    expect(() => f()).toThrow(
      'compile: later must be synchronous, but it returns a promise. Await outside of it.',
    );
  });
});

describeBackends(
  'a recording',
  () => {
    it('computes nothing and changes nothing', () => {
      const { total, add } = counter();
      const before = tf.memory().numTensors;
      const program = createProgram();
      let calls = 0;
      const f = program.compile((x: tf.Tensor) => {
        calls++;
        total.assign(tf.mul(total, x));
        return null;
      });
      f.prepare(tf.tensor1d([3, 3]));
      expect(calls).toBe(1);
      expect(numbers(total)).toEqual([1, 2]);
      expect(tf.memory().numTensors).toBe(before + 1); // the argument
      program.dispose();
      add.dispose();
    });
    it('replays from the second call on if it was prepared after the first', () => {
      let calls = 0;
      const f = compile((x: tf.Tensor) => {
        calls++;
        return tf.square(x);
      });
      f.prepare(tf.scalar(1));
      f(tf.scalar(1));
      f.prepare(tf.scalar(1));
      expect(calls).toBe(2);
      f.prepare(tf.scalar(1));
      expect(numbers(f(tf.scalar(3)))).toEqual([9]);
      expect(calls).toBe(2);
      f.dispose();
    });
    it('replays from the third call on without running the function', () => {
      let calls = 0;
      const f = compile((x: tf.Tensor) => {
        calls++;
        return tf.square(x);
      });
      for (let i = 0; i < 5; i++) f(tf.scalar(i));
      expect(calls).toBe(2);
      f.dispose();
    });

    const refusals: Record<string, [f: (x: tf.Tensor) => unknown, message: RegExp]> = {
      'reading an argument': [
        (x) => tf.mul(x, x.dataSync()[0]!),
        /^compile: f cannot be recorded: it reads the data of a tensor, .* at .*compile\.test\.ts:\d+:\d+.*Return the tensor and read it outside\.$/,
      ],
      'reading a result': [(x) => tf.square(x).arraySync(), /reads the data of a tensor/],
      'making a variable': [
        (x) => tf.variable(x),
        /it makes a variable at .*compile\.test\.ts.*Make it before, outside of the function\.$/,
      ],
      'an operation that draws': [
        (x) => tf.multinomial(tf.reshape<tf.Rank.R2>(tf.concat([x, x]), [1, 2]), 1, 1),
        /draws random numbers with Multinomial .*Draw the numbers outside and pass them as arguments\.$/,
      ],
      'a shape that depends on values': [
        (x) => tf.unique(x),
        /the shape of what UniqueV2 returns depends on values in Unique/,
      ],
    };
    for (const [what, [f, message]] of Object.entries(refusals)) {
      it(`refuses ${what}`, () => {
        const named = { f: (x: tf.Tensor) => f(x) };
        const before = tf.memory().numTensors;
        const compiled = compile(named.f);
        const x = tf.tensor1d([0.5]);
        expect(() => compiled(x)).toThrow(message);
        x.dispose();
        expect(tf.memory().numTensors).toBe(before);
        compiled.dispose();
      });
    }

    let count = 0;
    let captured: tf.Tensor;
    const frozen: Record<string, [f: (x: tf.Tensor) => unknown, message: RegExp]> = {
      'random numbers of tfjs': [
        (x) => tf.add(x, tf.randomNormal([1])),
        /reaches Add at .*a constant has another value/,
      ],
      'a number from outside': [(x) => tf.mul(x, ++count), /reaches Mul .*a constant has another value/],
      'a tensor from outside': [
        (x) => {
          captured = tf.keep(tf.tensor1d([++count]));
          return tf.add(x, captured);
        },
        /another value/,
      ],
      'another way': [
        (x) => (++count % 2 === 0 ? tf.square(x) : tf.exp(x)),
        /reaches (Square|Exp) .*, where the first one went on with (Square|Exp)/,
      ],
      'more operations': [(x) => (++count % 2 === 0 ? x : tf.exp(x)), /second one/],
      'another plain result': [(x) => [x, ++count], /it returns other plain values or another structure/],
      'another shape': [(x) => tf.tile(x, [++count]), /constant|shape/],
    };
    for (const [what, [f, message]] of Object.entries(frozen)) {
      it(`finds at the second call that it would freeze ${what}`, () => {
        const named = { f: (x: tf.Tensor) => f(x) };
        const compiled = compile(named.f);
        const x = tf.tensor1d([0.5]);
        compiled(x);
        expect(() => compiled(x)).toThrow(message);
        expect(() => compiled(x)).toThrow(/compile: f must do the same in every call, .* would be frozen/);
        compiled.dispose();
      });
    }

    it('refuses arguments whose content could change unseen', () => {
      const f = compile(function f(o: object) {
        return o;
      });
      expect(() => f(new Map())).toThrow(
        'compile: arguments of f must be tensors, plain values, or arrays and objects of them, but argument[0] is a Map.',
      );
      expect(() => f(new Float32Array(2))).toThrow('argument[0] is a Float32Array');
    });
    it('refuses ever new shapes', () => {
      const f = compile(function f(x: tf.Tensor) {
        return tf.square(x);
      });
      expect(() => {
        for (let size = 1; size < 40; size++) f(tf.ones([size]));
      }).toThrow('f was called with more than 32 different shapes or plain values.');
      f.dispose();
    });
    it('says which variable is gone', () => {
      const { total, add } = counter();
      add(tf.ones([2]));
      total.dispose();
      expect(() => add(tf.ones([2]))).toThrow(
        `compile: addTo uses the variable ${total.name}, which is disposed.`,
      );
      add.dispose();
    });
    it('hands variables from one program to another', () => {
      const w = tf.variable(tf.scalar(1));
      const [double, increase] = [
        compile(() => {
          w.assign(tf.mul(w, 2));
          return null;
        }),
        compile(() => {
          w.assign(tf.add(w, 1));
          return null;
        }),
      ];
      for (let i = 0; i < 3; i++) {
        double();
        increase();
      }
      expect(numbers(w)).toEqual([15]);
      double.dispose();
      expect(numbers(w)).toEqual([15]);
      increase.dispose();
      expect(numbers(w)).toEqual([15]);
    });
    it('frees the tensors of the binding', () => {
      const backend = tf.backend() as unknown as {
        getNumOfTFTensors(): number;
        getNumOfSavedModels(): number;
      };
      const { total, add } = counter();
      const step = () => {
        tf.tidy(() => {
          add(tf.ones([2]));
        });
      };
      for (let i = 0; i < 3; i++) step();
      const tensors = backend.getNumOfTFTensors();
      for (let i = 0; i < 50; i++) step();
      expect(backend.getNumOfTFTensors()).toBe(tensors);
      for (let i = 0; i < 5; i++) {
        numbers(total);
        step();
      }
      expect(backend.getNumOfTFTensors()).toBe(tensors);
      const sessions = backend.getNumOfSavedModels();
      add.dispose();
      expect(backend.getNumOfSavedModels()).toBe(sessions - 1);
    });
  },
  ['tensorflow'],
);

/** A network with most kinds of operations, its gradient, and a step that assigns. */
function training({ softmax = true } = {}): {
  step: (x: tf.Tensor, y: tf.Tensor) => tf.Scalar;
  weights: tf.Variable[];
} {
  const filled = (shape: number[], scale: number) => {
    const size = tf.util.sizeFromShape(shape);
    return tf.tensor(
      Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1 + i)),
      shape,
    );
  };
  const weights = [
    tf.variable(filled([16, 192], 0.3)),
    tf.variable(filled([192], 0.1)),
    tf.variable(filled([64, 10], 0.3)),
  ];
  const [w0, b0, w1] = weights as [tf.Variable<tf.Rank.R2>, tf.Variable, tf.Variable<tf.Rank.R2>];
  const loss = (x: tf.Tensor, y: tf.Tensor) => {
    const h = tf.add(tf.matMul(tf.reshape<tf.Rank.R2>(x, [-1, 16]), w0), b0);
    const [q, k, v] = tf.split(tf.reshape(h, [4, 32, 192]), 3, 2);
    const scores = tf.matMul(q!, k!, false, true);
    const mixed = tf.matMul(softmax ? tf.softmax(scores) : tf.exp(tf.neg(tf.square(scores))), v!);
    const active = fused(() => tf.mul(mixed, tf.sigmoid(tf.mul(mixed, tf.add(tf.square(mixed), 1.7)))));
    const centred = fused(() => tf.sub(active, tf.mean(active, -1, true)));
    const logits = tf.matMul(tf.reshape<tf.Rank.R2>(tf.transpose(centred, [1, 0, 2]), [-1, 64]), w1);
    return tf.mean<tf.Scalar>(tf.square(tf.sub(logits, y)));
  };
  const step = (x: tf.Tensor, y: tf.Tensor) => {
    const { value, grads } = tf.variableGrads(() => loss(x, y), weights);
    for (const w of weights) {
      const g = grads[w.name]!;
      w.assign(
        fused(() => tf.sub<tf.Tensor>(w, tf.mul(0.05, tf.div(g, tf.add(tf.sqrt(tf.square(g)), 0.01))))),
      );
    }
    return value;
  };
  return { step, weights };
}

function losses(step: (x: tf.Tensor, y: tf.Tensor) => tf.Scalar, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) =>
    tf.tidy(() => {
      const x = tf.tensor(
        Float32Array.from({ length: 4 * 32 * 16 }, (_, j) => Math.cos(i + j)),
        [4, 32, 16],
      );
      const y = tf.tensor(
        Float32Array.from({ length: 1280 }, (_, j) => Math.sin(3 * j)),
        [128, 10],
      );
      return numbers(step(x, y))[0]!;
    }),
  );
}

describeBackends(
  'a replayed training',
  () => {
    const reference = (options?: { softmax: boolean }) => {
      const { step, weights } = training(options);
      return { losses: losses((x, y) => tf.tidy(() => step(x, y)), 200), weights: weights.map(numbers) };
    };
    // TensorFlow computes a softmax otherwise in a graph, and also x sigmoid(x) and x / sqrt(y).
    it('equals the eager one bit for bit as a graph, over 200 steps', () => {
      const eager = reference({ softmax: false });
      const { step, weights } = training({ softmax: false });
      const compiled = compile(step);
      expect(losses(compiled, 200)).toEqual(eager.losses);
      expect(weights.map(numbers)).toEqual(eager.weights);
      compiled.dispose();
    });
    describe.each([{ xla: false }, { xla: 'fused' }, { xla: true }] as const)('with %o', (options) => {
      it('equals the eager one up to rounding', () => {
        const eager = reference();
        const { step } = training();
        const compiled = compile(step, options);
        const replayed = losses(compiled, 200);
        expect(replayed.slice(0, 3)).not.toEqual([NaN]);
        for (const [i, loss] of replayed.entries())
          expect(loss / eager.losses[i]!).toBeCloseTo(1, i < 20 ? 4 : 2);
        compiled.dispose();
      });
    });
    it('multiplies bfloat16 on request', () => {
      const eager = reference();
      const { step } = training();
      const compiled = compile(step, { bfloat16: true });
      const [first = NaN, ...rest] = losses(compiled, 50);
      expect(first / eager.losses[0]!).toBeCloseTo(1, 2);
      expect(first).not.toBe(eager.losses[0]);
      expect(rest.at(-1)! / eager.losses[49]!).toBeCloseTo(1, 1);
      compiled.dispose();
    });
  },
  ['tensorflow'],
);
