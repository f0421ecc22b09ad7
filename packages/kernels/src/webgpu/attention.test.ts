import { jvp } from '@meanflow/jvp';
import { expectClose } from '@meanflow/testing';
import { describeWebgpu } from '@meanflow/testing/webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { plainAttention } from '../attention.testdata';
import { tiledAttention, tiledAttentionPullBack, tiledAttentionPush } from './attention';
import type { AttentionPlan } from './attentionCode';
import { drawn } from './cases.testdata';

// On a software adapter attention is made of products; the tiles of GPUs are run here by themselves.

const plain = (heads: number) => (x: tf.Tensor) =>
  plainAttention(...(tf.split(x, 3, 2) as [tf.Tensor, tf.Tensor, tf.Tensor]), heads);

/** The result on the cpu backend. */
async function onCpu(f: () => tf.Tensor): Promise<Float32Array> {
  await tf.setBackend('cpu');
  const values = tf.tidy(() => f().dataSync()) as Float32Array;
  await tf.setBackend('webgpu');
  return values;
}

describeWebgpu('tiled attention', () => {
  const [batch, tokens, features, heads] = [2, 37, 16, 3];
  const packed = [batch, tokens, 3 * heads * features];
  const [qkv, d, dy] = [packed, packed, [batch, tokens, heads * features]].map((shape, i) => () => drawn(shape, i)) as [() => tf.Tensor, () => tf.Tensor, () => tf.Tensor]; // prettier-ignore
  type Passes = Record<string, [ours: (plan?: AttentionPlan) => tf.Tensor, definition: () => tf.Tensor]>;
  const passes: Passes = {
    value: [(plan) => tiledAttention({ qkv: qkv() }, { heads, plan })[0], () => plain(heads)(qkv())],
    tangent: [
      (plan) => tiledAttentionPush({ qkv: qkv(), d: d() }, { heads, plan })[0],
      () => jvp(plain(heads), [qkv()], [d()]).tangent,
    ],
    gradient: [
      (plan) => tiledAttentionPullBack({ qkv: qkv(), dy: dy() }, { heads, plan })[0],
      () => tf.grad(plain(heads))(qkv(), dy()),
    ],
  };
  const plans: (AttentionPlan | undefined)[] = [
    undefined,
    { threads: 64, tile: 8, lanes: 1 },
    { threads: 32, tile: 16, lanes: 2 },
  ];
  const cases = plans.flatMap((plan) =>
    Object.entries(passes).map(([name, pass]) => ({ name, pass, plan, lanes: plan?.lanes ?? 'planned' })),
  );
  it.each(cases)(
    'has the $name of its formula, over more than one tile, $lanes threads a row',
    async ({ pass: [ours, definition], plan }) => {
      const y = tf.tidy(() => ours(plan));
      expectClose(await y.data(), await onCpu(definition), 2e-6);
      y.dispose();
    },
  );

  it('does not overflow for scores in the thousands, and takes fewer tokens than threads', async () => {
    const large = () => tf.mul(drawn([1, 3, 3 * 2 * 8], 4), 100);
    const y = tf.tidy(() => tiledAttention({ qkv: large() }, { heads: 2 })[0]);
    const values = await y.data();
    expect(values.every(Number.isFinite)).toBe(true);
    expectClose(values, await onCpu(() => plain(2)(large())), 1e-4);
    y.dispose();
  });
});
