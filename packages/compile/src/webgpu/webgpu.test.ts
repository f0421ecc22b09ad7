import { expectNoLeakAsync } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, createProgram, registerCompiler } from '../index';
import { createWebgpuCompiler } from './index';
import type { ReplayReport } from './index';

const numbers = async (tensor: tf.Tensor) => [...(await tensor.data())];
const reports: ReplayReport[] = [];

describeWebgpu('a recording', () => {
  beforeAll(() => {
    registerCompiler(createWebgpuCompiler({ onRecord: (report) => reports.push(report) }));
  });

  it('returns what the function returns', async () => {
    const f = compile((x: tf.Tensor1D, options: { y: tf.Tensor1D; scale: number }) => ({
      sum: tf.add(tf.mul(x, options.scale), options.y),
      names: ['sum', null],
    }));
    for (let i = 0; i < 4; i++) {
      const { sum, names } = f(tf.tensor1d([i, 2]), { y: tf.tensor1d([10, 20]), scale: 2 });
      expect(await numbers(sum)).toEqual([10 + 2 * i, 24]);
      expect(names).toEqual(['sum', null]);
    }
    f.dispose();
  });

  it('takes arguments from the host and from the device', async () => {
    const f = compile((x: tf.Tensor) => tf.square(x));
    const onDevice = tf.add(tf.tensor1d([1, 2]), tf.tensor1d([2, 2]));
    for (let i = 0; i < 3; i++) {
      expect(await numbers(f(tf.tensor1d([i, 1])))).toEqual([i * i, 1]);
      expect(await numbers(f(onDevice))).toEqual([9, 16]);
    }
    f.dispose();
  });

  it('returns tensors of their own, even for arguments, variables and constants', async () => {
    const [v, c] = [tf.variable(tf.scalar(5)), tf.scalar(7)];
    const f = compile((x: tf.Tensor) => [x, v, c, x, tf.scalar(3)]);
    for (let i = 0; i < 3; i++) {
      const x = tf.scalar(i);
      const results = f(x);
      expect((await Promise.all(results.map(numbers))).flat()).toEqual([i, 5, 7, i, 3]);
      tf.dispose(results);
      expect((await Promise.all([x, v, c].map(numbers))).flat()).toEqual([i, 5, 7]);
    }
    f.dispose();
    v.dispose();
  });

  it('tells apart arguments that are the same tensor at first', async () => {
    const f = compile((x: tf.Tensor, y: tf.Tensor) => tf.sub(x, y));
    const one = tf.scalar(1);
    expect(await numbers(f(one, one))).toEqual([0]);
    expect(await numbers(f(one, tf.scalar(5)))).toEqual([-4]);
    expect(await numbers(f(tf.scalar(9), one))).toEqual([8]);
    f.dispose();
  });

  describe('with variables', () => {
    const counter = () => {
      const total = tf.variable(tf.tensor1d([1, 2]));
      const add = compile(function addTo(x: tf.Tensor): tf.Scalar {
        total.assign(tf.add(total, x));
        return tf.sum<tf.Scalar>(total);
      });
      return { total, add };
    };

    it('assigns them; they read, copy and take values as always', async () => {
      const { total, add } = counter();
      const ones = tf.tensor1d([1, 1]);
      for (let i = 1; i <= 5; i++) {
        expect(await numbers(add(ones))).toEqual([3 + 2 * i]);
        expect(await numbers(total)).toEqual([1 + i, 2 + i]);
      }
      const copy = tf.clone(total);
      add(ones);
      expect(await numbers(copy)).toEqual([6, 7]);
      expect(await numbers(total)).toEqual([7, 8]);
      total.assign(tf.tensor1d([10, 20])); // from the host
      expect(await numbers(add(ones))).toEqual([32]);
      total.assign(tf.mul(total, 2)); // from the device
      expect(await numbers(add(ones))).toEqual([66]);
      expect(await numbers(copy)).toEqual([6, 7]);
      add.dispose();
      expect(await numbers(total)).toEqual([23, 43]);
      total.assign(copy);
      expect(await numbers(total)).toEqual([6, 7]);
      tf.dispose([total, copy, ones]);
    });

    it('leaves a value alone that is being read while the next call changes it', async () => {
      const { total, add } = counter();
      add(tf.tensor1d([1, 1]));
      const before = total.data();
      add(tf.tensor1d([1, 1]));
      const after = total.data();
      expect([...(await before)]).toEqual([2, 3]);
      expect([...(await after)]).toEqual([3, 4]);
      expect(await numbers(total)).toEqual([3, 4]);
      add.dispose();
      total.dispose();
    });

    it('keeps apart those that began as copies', async () => {
      const start = tf.tensor1d([1, 2]);
      const [a, b] = [tf.variable(start), tf.variable(start)];
      const f = compile((x: tf.Tensor) => {
        a.assign(tf.add(a, x));
        return tf.add(a, b);
      });
      for (let i = 1; i <= 3; i++) expect(await numbers(f(tf.tensor1d([1, 1])))).toEqual([2 + i, 4 + i]);
      expect(await numbers(b)).toEqual([1, 2]);
      expect(await numbers(start)).toEqual([1, 2]);
      f.dispose();
      tf.dispose([a, b, start]);
    });

    it('exchanges two', async () => {
      const [a, b] = [tf.variable(tf.tensor1d([1, 1])), tf.variable(tf.tensor1d([2, 2]))];
      const swap = compile(() => {
        const old = tf.clone(a);
        a.assign(b);
        b.assign(old);
        return null;
      });
      swap();
      expect([await numbers(a), await numbers(b)]).toEqual([[2, 2], [1, 1]]); // prettier-ignore
      swap();
      swap();
      expect([await numbers(a), await numbers(b)]).toEqual([[2, 2], [1, 1]]); // prettier-ignore
      swap.dispose();
      tf.dispose([a, b]);
    });

    it('shares them between the functions of a program', async () => {
      const w = tf.variable(tf.scalar(1));
      const program = createProgram();
      const double = program.compile(() => { w.assign(tf.mul(w, 2)); return null; }); // prettier-ignore
      const plus = program.compile((x: tf.Tensor) => tf.add(w, x));
      for (let i = 1; i <= 4; i++) {
        double();
        expect(await numbers(plus(tf.scalar(0.5)))).toEqual([2 ** i + 0.5]);
      }
      program.dispose();
      expect(await numbers(w)).toEqual([16]);
      w.dispose();
    });

    it('says which one is gone', () => {
      const { total, add } = counter();
      add(tf.ones([2]));
      const { name } = total;
      total.dispose();
      expect(() => add(tf.ones([2]))).toThrow(`compile: addTo uses the variable ${name}, which is disposed.`);
      add.dispose();
    });
  });

  it('trains as eager mode does, with gradients and constants', async () => {
    const train = (isCompiled: boolean) => {
      const w = tf.variable(tf.tensor2d([[0.5, -1], [2, 0.25]])); // prettier-ignore
      const step = (x: tf.Tensor2D) => {
        const loss = () => tf.mean<tf.Scalar>(tf.square(tf.sub(tf.tanh(tf.matMul(x, w)), 0.5)));
        const { value, grads } = tf.variableGrads(loss, [w]);
        w.assign(tf.sub(w, tf.mul(grads[w.name]!, 0.1)));
        return value;
      };
      return { w, run: isCompiled ? compile(step) : step };
    };
    const [eager, compiled] = [train(false), train(true)];
    const x = tf.tensor2d([[1, 2], [3, -1], [0.5, 0.5]]); // prettier-ignore
    for (let i = 0; i < 5; i++) {
      expect(await numbers(compiled.run(x))).toEqual(await numbers(eager.run(x)));
      expect(await numbers(compiled.w)).toEqual(await numbers(eager.w));
    }
  });

  it('records again for other shapes and other plain values', async () => {
    let recorded = 0;
    const f = compile((x: tf.Tensor, n: number) => {
      recorded += 1;
      return tf.sum(tf.mul(x, n));
    });
    expect(await numbers(f(tf.ones([2]), 1))).toEqual([2]);
    expect(await numbers(f(tf.ones([3]), 1))).toEqual([3]);
    expect(await numbers(f(tf.ones([3]), 5))).toEqual([15]);
    expect(recorded).toBe(3);
    expect(await numbers(f(tf.ones([3]), 5))).toEqual([15]);
    expect(recorded).toBe(4); // the second call is compared with the first
    for (let i = 0; i < 3; i++) await numbers(f(tf.ones([3]), 5));
    expect(recorded).toBe(4);
    f.dispose();
  });

  it('fills large constants in on the device, and works with empty tensors', async () => {
    const f = compile((x: tf.Tensor1D) => [
      tf.sum(tf.mul(tf.ones([2000]), x)),
      tf.slice(x as tf.Tensor, [0], [0]),
    ]);
    for (let i = 1; i < 4; i++) {
      const [sum, empty] = f(tf.tensor1d([i]));
      expect(await numbers(sum!)).toEqual([2000 * i]);
      expect(empty!.shape).toEqual([0]);
    }
    f.dispose();
  });

  it('refuses what would freeze, naming operation and place', () => {
    const throwing = (f: (x: tf.Tensor) => tf.Tensor | null, calls: number) => {
      const compiled = compile(f, { name: 'step' });
      for (let i = 1; i < calls; i++) compiled(tf.tensor1d([1, 2]));
      try {
        compiled(tf.tensor1d([1, 2]));
      } catch (error) {
        return (error as Error).message;
      } finally {
        compiled.dispose();
      }
      return 'nothing';
    };
    let n = 0;
    expect(throwing((x) => tf.mul(x, (n += 1)), 2)).toMatch(
      /^compile: step must do the same in every call, but in the second one it reaches Multiply at .*webgpu\.test\.ts.*a constant has another value\. It would be frozen\./,
    );
    expect(throwing((x) => tf.mul(x, x.dataSync()[0]!), 1)).toMatch(
      /^compile: step cannot be recorded: it reads the data of a tensor, .* at .*webgpu\.test\.ts.*\. Return the tensor and read it outside\.$/,
    );
    expect(throwing((x) => (n++ % 2 === 0 ? tf.square(x) : tf.sqrt(x)), 2)).toMatch(
      /the operation is another one/,
    );
    expect(throwing((x) => tf.variable(x), 1)).toMatch(/it makes a variable/);
    expect(throwing((x) => tf.add(tf.randomUniform([2]), x), 2)).toMatch(/a constant has another value/);
  });

  it('leaves nothing behind, on failure neither', async () => {
    await expectNoLeakAsync(async () => {
      const w = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
      const f = compile((x: tf.Tensor) => {
        w.assign(tf.add(w, tf.sum(tf.ones([3000]))));
        return tf.mul(w, x);
      });
      for (let i = 0; i < 3; i++) {
        const x = tf.tensor1d([1, 1]);
        const y = f(x);
        await y.data();
        tf.dispose([x, y]);
      }
      const broken = compile((x: tf.Tensor) => {
        w.assign(tf.square(x as tf.Tensor1D));
        throw new Error('broken');
      });
      const x = tf.tensor1d([3, 3]);
      expect(() => broken(x)).toThrow('broken');
      expect(await numbers(w)).toEqual([9001, 9002]);
      f.dispose();
      broken.dispose();
      tf.dispose([w, x]);
    });
  });

  it('gives back all memory, and takes no more in a thousand calls', async () => {
    const bytes = () => (tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU;
    const w = tf.variable(tf.zeros([64, 64]));
    await w.data();
    const before = bytes();
    const f = compile((x: tf.Tensor2D) => {
      w.assign(tf.add(w, tf.matMul(x, x)));
      return tf.mean(w);
    });
    const x = tf.tidy(() => tf.mul<tf.Tensor2D>(tf.eye(64), 1));
    let peak = 0;
    for (let i = 0; i < 1000; i++) {
      const y = f(x);
      if (i === 10) peak = bytes();
      if (i % 100 === 99) await y.data();
      y.dispose();
    }
    expect(bytes()).toBeLessThanOrEqual(peak);
    expect((await w.data())[0]).toBe(1000);
    f.dispose();
    x.dispose();
    await tf.scalar(0).data();
    expect(bytes()).toBeLessThanOrEqual(before + 4 * 64 * 64);
    w.dispose();
  });

  it('reports what it takes', () => {
    const f = compile((x: tf.Tensor) => tf.sqrt(tf.square(tf.sqrt(tf.square(x)))), { name: 'chain' });
    f.prepare(tf.ones([1024]));
    const report = reports.at(-1)!;
    expect(report).toMatchObject({ name: 'chain', dispatches: 4, unsharedBytes: 4 * 4096 });
    expect(report.temporaryBytes).toBe(2 * 4096);
    f.dispose();
  });
});
