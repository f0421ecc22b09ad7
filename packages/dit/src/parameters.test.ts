import { expect, it } from 'vitest';
import { countParameters, ditParameters } from './parameters';
import type { DiTConfig } from './config';

const config: DiTConfig = {
  inputSize: 8,
  channels: 3,
  patchSize: 2,
  depth: 1,
  hiddenSize: 16,
  numHeads: 2,
  numClasses: 10,
};

it('names every parameter, once, with its shape and first distribution', () => {
  // Checkpoints hold these names: a change breaks every file that was written before.
  const lines = ditParameters(config).map(
    ({ name, shape, init }) => `${name} [${shape.join(', ')}] ${init.kind}`,
  );
  expect(lines).toEqual([
    'xEmbedder.kernel [12, 16] xavierUniform',
    'xEmbedder.bias [16] zeros',
    'tEmbedder.mlp.0.kernel [256, 16] normal',
    'tEmbedder.mlp.0.bias [16] zeros',
    'tEmbedder.mlp.2.kernel [16, 16] normal',
    'tEmbedder.mlp.2.bias [16] zeros',
    'hEmbedder.mlp.0.kernel [256, 16] normal',
    'hEmbedder.mlp.0.bias [16] zeros',
    'hEmbedder.mlp.2.kernel [16, 16] normal',
    'hEmbedder.mlp.2.bias [16] zeros',
    'yEmbedder.table [11, 16] normal',
    'blocks.0.adaLN.kernel [16, 96] zeros',
    'blocks.0.adaLN.bias [96] zeros',
    'blocks.0.attn.qkv.kernel [16, 48] xavierUniform',
    'blocks.0.attn.qkv.bias [48] zeros',
    'blocks.0.attn.proj.kernel [16, 16] xavierUniform',
    'blocks.0.attn.proj.bias [16] zeros',
    'blocks.0.mlp.fc1.kernel [16, 64] xavierUniform',
    'blocks.0.mlp.fc1.bias [64] zeros',
    'blocks.0.mlp.fc2.kernel [64, 16] xavierUniform',
    'blocks.0.mlp.fc2.bias [16] zeros',
    'finalLayer.adaLN.kernel [16, 32] zeros',
    'finalLayer.adaLN.bias [32] zeros',
    'finalLayer.linear.kernel [16, 12] zeros',
    'finalLayer.linear.bias [12] zeros',
  ]);
});
it('has no label table without classes', () => {
  const names = ditParameters({ ...config, numClasses: 0 }).map(({ name }) => name);
  expect(names).not.toContain('yEmbedder.table');
  expect(countParameters(config) - countParameters({ ...config, numClasses: 0 })).toBe(11 * 16);
});
