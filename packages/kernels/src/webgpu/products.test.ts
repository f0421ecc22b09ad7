import { expectClose } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { hasHalfPrecision, inHalfPrecision } from '../halfPrecision';
import type { GpuDevice } from './backend';
import { drawn } from './cases.testdata';
import { planProduct, webgpuProduct } from './products';
import type { ProductPlan } from './products';

const software = (features: string[], lanes?: [number, number]): GpuDevice => {
  const [subgroupMinSize, subgroupMaxSize] = lanes ?? [];
  const adapterInfo = { isFallbackAdapter: true, ...(lanes && { subgroupMinSize, subgroupMaxSize }) };
  return { features: new Set(features), adapterInfo } as unknown as GpuDevice;
};

describe('planProduct', () => {
  it('takes tiles on a GPU, small ones where there would be few', () => {
    const gpu = {
      features: new Set(['subgroups']),
      adapterInfo: { subgroupMinSize: 32 },
    } as unknown as GpuDevice;
    expect(planProduct(gpu, 4096, 256, 1024)).toEqual({ kind: 'tiles', edge: 64, splits: 1 });
    expect(planProduct(gpu, 256, 64, 256)).toEqual({ kind: 'tiles', edge: 32, splits: 1 });
    // The gradient of a weight: few numbers, each of many products.
    expect(planProduct(gpu, 384, 8192, 384)).toMatchObject({ kind: 'tiles', edge: 64, splits: 16 });
    expect(planProduct({ features: new Set() } as unknown as GpuDevice, 8, 64, 4096)).toMatchObject({
      edge: 32,
    });
  });
  it('takes float16 where that is wanted and there', () => {
    const plan = (device: GpuDevice) => planProduct(device, 4096, 256, 1024);
    const gpu = (...features: string[]) => ({ features: new Set(features) }) as unknown as GpuDevice;
    expect(inHalfPrecision(() => plan(gpu('shader-f16')))).toMatchObject({ kind: 'tiles', half: true });
    expect(inHalfPrecision(() => plan(gpu()))).not.toHaveProperty('half');
    expect(plan(gpu('shader-f16'))).not.toHaveProperty('half');
    expect(() =>
      inHalfPrecision(() => {
        throw new Error('in it');
      }),
    ).toThrow('in it');
    expect(plan(gpu('shader-f16'))).not.toHaveProperty('half');
  });
  it('takes the lanes of subgroups where a CPU computes', () => {
    expect(planProduct(software(['subgroups'], [8, 8]), 64, 16, 64)).toEqual({
      kind: 'lanes',
      lanes: 8,
      rows: 8,
    });
    expect(planProduct(software(['subgroups'], [4, 4]), 3, 16, 64)).toEqual({
      kind: 'lanes',
      lanes: 4,
      rows: 4,
    });
    expect(planProduct(software([], [8, 8]), 64, 16, 64)).toEqual({ kind: 'direct', rows: 8 });
    expect(planProduct(software(['subgroups'], [4, 16]), 1, 16, 64)).toEqual({ kind: 'direct', rows: 1 });
    expect(planProduct(software(['subgroups']), 2, 16, 64)).toEqual({ kind: 'direct', rows: 2 });
  });
});

describeWebgpu('products by other plans than that of the device', () => {
  const plans: ProductPlan[] = [
    { kind: 'direct', rows: 8 },
    { kind: 'tiles', edge: 32, splits: 1, written: 2 },
    { kind: 'tiles', edge: 64, splits: 3, written: 2 },
  ];
  const sizes = [
    { m: 19, k: 13, n: 7 }, // no multiple of anything
    { m: 84, k: 20, n: 72 }, // of four, and more than one tile
    { m: 33, k: 150, n: 65 }, // more than one part of the inner numbers
  ];
  const flags = [false, true];
  const cases = [
    ...plans.flatMap(
      (plan) =>
      sizes.flatMap((size) => flags.flatMap((transposeA) => flags.map((transposeB) => ({ plan, ...size, transposeA, transposeB })))), // prettier-ignore
    ),
    // As GPUs have it.
    ...([32, 64] as const).map((edge) => {
      const plan: ProductPlan = { kind: 'tiles', edge, splits: 1 };
      return { plan, m: 84, k: 40, n: 72, transposeA: false, transposeB: false };
    }),
  ];
  it.each(cases)(
    '$plan.kind $plan.edge $plan.splits $plan.written: [$m, $k] [$k, $n], transposed $transposeA $transposeB',
    async ({ plan, m, k, n, transposeA, transposeB }) => {
      const factors = () => ({
        a: drawn(transposeA ? [k, m] : [m, k], 1),
        b: drawn(transposeB ? [n, k] : [k, n], 2),
        bias: drawn([n], 3),
      });
      await tf.setBackend('cpu');
      const expected = tf.tidy(() => {
        const { a, b, bias } = factors();
        return tf.add(tf.matMul(a, b, transposeA, transposeB), bias).dataSync();
      });
      await tf.setBackend('webgpu');
      const y = tf.tidy(() => webgpuProduct(factors(), { transposeA, transposeB, plan })[0]);
      expectClose(await y.data(), expected, 1e-6);
      y.dispose();
    },
  );
});

describeWebgpu('products in float16', () => {
  it.skipIf(!hasHalfPrecision())('are as close as float16 can be', async () => {
    const factors = () => ({ a: drawn([70, 150], 1), b: drawn([150, 36], 2), bias: drawn([36], 3) });
    const product = () => webgpuProduct(factors(), { transposeA: false, transposeB: false })[0];
    const [half, exact] = [tf.tidy(() => inHalfPrecision(product)), tf.tidy(product)];
    const [values, expected] = [await half.data(), await exact.data()];
    expectClose(values, expected, 2e-3);
    expect(values).not.toEqual(expected);
    tf.dispose([half, exact]);
  });
});
