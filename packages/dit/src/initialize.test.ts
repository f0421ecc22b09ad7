import { describeBackends, expectNoLeak } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ditNetwork } from './dit';
import { initDiT } from './initialize';
import type { DiTConfig } from './config';

const config: DiTConfig = {
  inputSize: 8,
  channels: 3,
  patchSize: 2,
  depth: 2,
  hiddenSize: 64,
  numHeads: 4,
  numClasses: 10,
};
/** The numbers of all weights, by name. */
function values(change: Partial<DiTConfig>, seed: number): Map<string, Float32Array> {
  const weights = initDiT({ ...config, ...change }, seed);
  const drawn = new Map(
    Object.entries(weights).map(([name, weight]) => [name, weight.dataSync<'float32'>()]),
  );
  tf.dispose(weights);
  return drawn;
}
const root = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);

describeBackends('initDiT', () => {
  it('draws Xavier-uniform dense layers, normal embedders and zeros elsewhere', () => {
    const drawn = values({}, 1);
    for (const [name, fanIn, fanOut] of [
      ['xEmbedder.kernel', 12, 64],
      ['blocks.0.attn.qkv.kernel', 64, 192],
      ['blocks.1.mlp.fc2.kernel', 256, 64],
    ] as const) {
      const limit = Math.sqrt(6 / (fanIn + fanOut));
      const x = drawn.get(name)!;
      expect(Math.max(...x.map(Math.abs))).toBeLessThanOrEqual(limit);
      expect(Math.min(...x)).toBeLessThan(-0.98 * limit);
      expect(Math.max(...x)).toBeGreaterThan(0.98 * limit);
      expect(root(x) / (limit / Math.sqrt(3))).toBeCloseTo(1, 1);
    }
    for (const name of ['tEmbedder.mlp.0.kernel', 'hEmbedder.mlp.2.kernel', 'yEmbedder.table']) {
      expect(root(drawn.get(name)!) / 0.02).toBeCloseTo(1, 1);
    }
    for (const [name, x] of drawn) {
      if (/bias|adaLN|finalLayer/.test(name)) expect(root(x)).toBe(0);
    }
  });
  it('gives a parameter the same numbers whatever else there is, and others for another seed or name', () => {
    const [small, deep] = [values({}, 1), values({ depth: 3, numClasses: 0 }, 1)];
    expect(deep.get('blocks.1.attn.proj.kernel')).toEqual(small.get('blocks.1.attn.proj.kernel'));
    expect(deep.get('blocks.2.attn.proj.kernel')).not.toEqual(small.get('blocks.1.attn.proj.kernel'));
    expect(values({}, 2).get('xEmbedder.kernel')).not.toEqual(small.get('xEmbedder.kernel'));
    expect(small.get('tEmbedder.mlp.0.kernel')).not.toEqual(small.get('hEmbedder.mlp.0.kernel'));
  });
  it('makes a network that returns zero', () => {
    tf.tidy(() => {
      const u = ditNetwork(config, initDiT(config, 0))(
        tf.ones([2, 8, 8, 3]),
        tf.zeros([2]),
        tf.ones([2]),
        tf.tensor1d([3, 10], 'int32'),
      );
      expect(u.dataSync().every((x) => x === 0)).toBe(true);
    });
  });
  it('leaves only the weights behind', () => {
    expectNoLeak(() => {
      tf.dispose(initDiT(config, 0));
    });
  });
});

it('draws the same numbers on every machine', () => {
  tf.tidy(() => {
    const first = initDiT(config, 7)['blocks.0.attn.proj.kernel']!.dataSync();
    expect([...first.slice(0, 4)]).toMatchInlineSnapshot(`
      [
        -0.13479217886924744,
        -0.015655696392059326,
        -0.0648481696844101,
        -0.000251565856160596,
      ]
    `);
  });
});
