import { jvp } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { plainAttention } from '../attention.testdata';
import { tiledAttention, tiledAttentionPullBack, tiledAttentionPush } from './attention';
import type { GpuDevice } from './backend';
import { compareOnBackends, differences, drawn, kernelCases } from './cases.testdata';
import { planProduct, webgpuProduct } from './products';

// The part of `chromium.test.ts` that runs in the page.

/** What to compare there. */
export interface PageArguments {
  /** Optional features of the device. */
  features: string[];
  /** Names of cases, compared with their definitions. */
  names: string[];
  /** Whether to run what GPUs alone use as well: attention and products by tiles. */
  tiles: boolean;
}

/** What came out. */
export interface PageResult {
  plan: string;
  /** Relative differences, by case and derivative. */
  differences: Record<string, number>;
}

interface Gpu {
  requestAdapter(): Promise<{
    info: object;
    requestDevice(descriptor: object): Promise<EventTarget & GpuDevice>;
  }>;
}

/** Attention and products by tiles. */
const tiledCases = (): Record<string, [ours: () => tf.Tensor, definition: () => tf.Tensor]> => {
  const heads = 2;
  const packed = [1, 37, 3 * heads * 12];
  const plain = (x: tf.Tensor) =>
    plainAttention(...(tf.split(x, 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor]), heads);
  const qkv = () => drawn(packed, 1);
  const d = () => drawn(packed, 2);
  const dy = () => drawn([1, 37, heads * 12], 3);
  const products = [false, true].map((transposed): [string, [() => tf.Tensor, () => tf.Tensor]] => {
    const flags = { transposeA: transposed, transposeB: transposed };
    const [a, b] = transposed ? [[20, 70], [36, 20]] : [[70, 20], [20, 36]]; // prettier-ignore
    const factors = () => ({ a: drawn(a, 1), b: drawn(b, 2) });
    return [
      `product by tiles, transposed ${transposed}`,
      [
        () =>
          webgpuProduct(factors(), { ...flags, plan: { kind: 'tiles', edge: 64, splits: 2, written: 2 } })[0],
        () => tf.matMul(factors().a, factors().b, transposed, transposed),
      ],
    ];
  });
  return {
    'tiled attention': [() => tiledAttention({ qkv: qkv() }, { heads })[0], () => plain(qkv())],
    'its tangent': [
      () => tiledAttentionPush({ qkv: qkv(), d: d() }, { heads })[0],
      () => jvp(plain, [qkv()], [d()]).tangent,
    ],
    'its gradient': [
      () => tiledAttentionPullBack({ qkv: qkv(), dy: dy() }, { heads })[0],
      () => tf.grad(plain)(qkv(), dy()),
    ],
    ...Object.fromEntries(products),
  };
};

/** Starts a device with these features, and compares. */
export async function run({ features, names, tiles }: PageArguments): Promise<PageResult> {
  const adapter = await (navigator as unknown as { gpu: Gpu }).gpu.requestAdapter();
  const device = await adapter.requestDevice({ requiredFeatures: features });
  const errors: string[] = [];
  device.addEventListener('uncapturederror', (event) => {
    errors.push((event as unknown as { error: Error }).error.message);
  });
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device as never, adapter.info as never));
  const compared: [string, Record<string, number>][] = [];
  for (const name of names) {
    const kernelCase = kernelCases[name];
    if (kernelCase === undefined) throw new Error(`there is no case ${name}`);
    compared.push([name, await differences(kernelCase)]);
  }
  if (tiles) {
    for (const [name, [ours, definition]] of Object.entries(tiledCases())) {
      const value = (f: () => tf.Tensor) => () => ({ value: tf.tidy(f) });
      compared.push([name, await compareOnBackends(value(ours), value(definition))]);
    }
  }
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const entries = compared.flatMap(([name, all]) =>
    Object.entries(all).map(([part, difference]): [string, number] => [`${name}: ${part}`, difference]),
  );
  return { plan: planProduct(device, 64, 64, 64).kind, differences: Object.fromEntries(entries) };
}
