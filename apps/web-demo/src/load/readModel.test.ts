import '@tensorflow/tfjs-backend-cpu';
import { encodeSafetensors, toFloat16 } from '@meanflow/safetensors';
import type { SafeTensor } from '@meanflow/safetensors';
import { canonicalJson } from '@meanflow/train';
import { describe, expect, it } from 'vitest';
import { readModel } from './readModel';
import { tinyConfig, tinyFile, tinyWeights } from './readModel.testdata';

describe('readModel', () => {
  it('reads what meanflow train writes', () => {
    const read = readModel(tinyFile(), 'a.safetensors');
    expect(read.kind).toBe('meanflow');
    expect(read.objective.name).toBe('meanflow');
    expect(read.dataset).toEqual(tinyConfig.dataset);
    expect(read.step).toBe(12);
    expect(read.weightCount).toBeGreaterThan(1000);
    expect(read.weights).toEqual(tinyWeights());
  });
  it('reads halves, and a flow-matching model', () => {
    const halves = Object.entries(tinyWeights()).map(([name, { shape, data }]): [string, SafeTensor] => [
      name,
      { dtype: 'F16', shape, data: toFloat16(data) },
    ]);
    const config = canonicalJson({ ...tinyConfig, objective: { kind: 'flow-matching' } });
    const read = readModel(encodeSafetensors(Object.fromEntries(halves), { config }), 'a');
    expect(read.kind).toBe('flow-matching');
    expect(read.step).toBeNull();
    const [value = NaN] = read.weights['xEmbedder.kernel']?.data ?? [];
    expect(value).toBeCloseTo(tinyWeights()['xEmbedder.kernel']?.data[0] ?? NaN, 3);
  });

  const file = tinyFile();
  const with_ = (change: object) => tinyFile({ ...tinyConfig, ...change });
  const fewer = tinyWeights();
  delete fewer['blocks.0.mlp.fc1.kernel'];
  const integers = encodeSafetensors(
    { a: { dtype: 'I8', shape: [1], data: Int8Array.of(1) } },
    { config: canonicalJson(tinyConfig) },
  );
  const moments = encodeSafetensors(
    { 'm.xEmbedder.bias': { dtype: 'F32', shape: [1], data: Float32Array.of(1) } },
    { config: canonicalJson(tinyConfig) },
  );
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'a file must have at least 8 bytes'],
    ['a page', new TextEncoder().encode('<!doctype html><title>Not found</title>'), 'Not safetensors?'],
    ['a truncated file', file.subarray(0, file.length - 100), 'The file is truncated.'],
    [
      'weights without a configuration',
      encodeSafetensors({ a: { dtype: 'F32', shape: [1], data: Float32Array.of(1) } }),
      'it has no configuration in its metadata',
    ],
    ['integers', integers, 'a must be one of F32, F16, BF16, F64, got I8.'],
    ['moments', moments, 'so take ema.safetensors or model.safetensors beside it.'],
    ['a configuration without data', with_({ dataset: null }), 'it is no checkpoint of meanflow train'],
    [
      'points',
      with_({ dataset: { name: 'moons', count: 1, sampleShape: [2], numClasses: 0 } }),
      'it is for the points of moons.',
    ],
    [
      'another network',
      with_({ model: { kind: 'unet' } }),
      'its network must be a dit, which draws images, got "unet".',
    ],
    ['no network', with_({ model: null }), 'got nothing.'],
    [
      'another objective',
      with_({ objective: { kind: 'gan' } }),
      'its objective must be meanflow or flow-matching, got "gan".',
    ],
    [
      'half a number',
      with_({ model: { ...tinyConfig.model, depth: 1.5 } }),
      'depth in its configuration must be a whole number, got 1.5.',
    ],
    [
      'patches that do not fit',
      with_({ model: { ...tinyConfig.model, patchSize: 3 } }),
      'model.patchSize must divide the images of 8 x 8, got 3.',
    ],
    ['missing weights', tinyFile(tinyConfig, fewer), 'lacks blocks.0.mlp.fc1.kernel'],
    [
      'more weights',
      with_({ model: { ...tinyConfig.model, depth: 2 } }),
      'lacks blocks.1.adaLN.kernel, blocks.1.adaLN.bias, blocks.1.attn.qkv.kernel and',
    ],
  ])('refuses %s in a sentence', (_what, bytes, problem) => {
    expect(() => readModel(bytes, 'a.safetensors')).toThrow(problem);
    expect(() => readModel(bytes, 'a.safetensors')).toThrow(/^a\.safetensors does not fit: [^\n]*[.?]$/);
  });
});
