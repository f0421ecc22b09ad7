import { normals } from '@meanflow/random';
import { describeBackends, expectClose, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { wasmProduct } from './products';
import { useWasmKernels } from './runtime';

const drawn = (shape: [number, number], purpose: string) =>
  tf.tensor2d(normals({ seed: 3, purpose }, shape[0] * shape[1]), shape);

describeBackends(
  'wasmProduct',
  () => {
    // Whole tiles of 6 x 8, parts of them, more rows than are packed at a time, few of them where B is not packed, and
    // single rows and columns.
    const sizes = [[4, 4, 8], [8, 16, 16], [1, 1, 1], [3, 2, 5], [5, 9, 9], [70, 7, 12], [130, 33, 3], [2, 100, 41], [16, 20, 48], [25, 9, 24]] as const; // prettier-ignore
    it.each(sizes)('multiplies %i x %i by %i columns, either factor transposed', (m, k, n) => {
      tf.tidy(() => {
        for (const transposeA of [false, true]) {
          for (const transposeB of [false, true]) {
            const a = drawn(transposeA ? [k, m] : [m, k], 'a');
            const b = drawn(transposeB ? [n, k] : [k, n], 'b');
            const bias = tf.range(0, n);
            const expected = tf.matMul(a, b, transposeA, transposeB);
            const transposed = { transposeA, transposeB };
            expectClose(wasmProduct({ a, b }, transposed)[0], expected, 2e-6);
            expectClose(wasmProduct({ a, b, bias }, transposed)[0], tf.add(expected, bias), 2e-6);
          }
        }
      });
    });
    it('multiplies along the last axis of more than two', () => {
      tf.tidy(() => {
        const [a, b] = [drawn([60, 16], 'a'), drawn([16, 24], 'b')];
        const plain = { transposeA: false, transposeB: false };
        const [product] = wasmProduct({ a: tf.reshape(a, [3, 4, 5, 16]), b }, plain);
        expect(product.shape).toEqual([3, 4, 5, 24]);
        expectClose(product, tf.reshape(tf.matMul(a, b), [3, 4, 5, 24]), 2e-6);
      });
    });
    it('leaves nothing behind, in memory of its own either', () => {
      const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
      const [a, b] = [drawn([300, 200], 'a'), drawn([200, 100], 'b')];
      const multiply = () => {
        tf.dispose(wasmProduct({ a, b }, { transposeA: false, transposeB: false }));
      };
      expectNoLeak(multiply);
      const before = wasm.HEAPU8.length;
      for (let i = 0; i < 200; i++) multiply();
      expect(wasm.HEAPU8).toHaveLength(before);
      tf.dispose([a, b]);
    });
    it('says that memory is full, and goes on when it no longer is', () => {
      const { wasm } = tf.backend() as unknown as { wasm: { _malloc(bytes: number): number } };
      const [a, b] = [drawn([4, 4], 'a'), drawn([4, 4], 'b')];
      const multiply = () => wasmProduct({ a, b }, { transposeA: false, transposeB: false })[0];
      const start = tf.memory();
      const full = vi.spyOn(wasm, '_malloc').mockReturnValue(0);
      expect(multiply).toThrow(
        'product: tensors must fit into the memory of WebAssembly, of which there is no',
      );
      full.mockRestore();
      expect(tf.memory()).toEqual(start);
      tf.tidy(() => {
        expectClose(multiply(), tf.matMul(a, b), 1e-6);
      });
      tf.dispose([a, b]);
    });
    it('stands back where something is differentiated', () => {
      expect(useWasmKernels()).toBe(true);
      const seen: boolean[] = [];
      const f = (x: tf.Tensor) => {
        seen.push(useWasmKernels());
        return tf.square(x);
      };
      tf.tidy(() => tf.grad(f)(tf.scalar(1)));
      expect(seen).toEqual([false]);
    });
  },
  ['wasm'],
);
