import { describeBackends, expectNoLeakAsync } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { checkWeights, readWeights, toWeights } from './weights';
import { decodeWeights, encodeWeights } from './weightsFile';

const host = {
  'a.kernel': { shape: [2, 1], data: new Float32Array([1, -2]) },
  'a.bias': { shape: [], data: new Float32Array([0.5]) },
};

describeBackends('weights', () => {
  it('go to the backend and back', async () => {
    const weights = toWeights(host);
    expect(weights['a.kernel']?.shape).toEqual([2, 1]);
    expect(await readWeights(weights)).toEqual(host);
    tf.dispose(weights);
  });

  it('leave no tensor behind', () =>
    expectNoLeakAsync(async () => {
      const weights = toWeights(host);
      await readWeights(weights);
      tf.dispose(weights);
    }));
});

describe('checkWeights', () => {
  const expected = [
    { name: 'a.kernel', shape: [2, 1] },
    { name: 'a.bias', shape: [] },
  ];
  it('accepts the weights of the model', () => {
    expect(() => {
      checkWeights(expected, host, 'model.safetensors');
    }).not.toThrow();
  });

  it('says in one sentence what differs', () => {
    const found = { 'a.kernel': { shape: [1, 2] }, b: { shape: [1] }, toString: { shape: [] } };
    expect(() => {
      checkWeights(expected, found, 'model.safetensors');
    }).toThrow(
      'checkWeights: model.safetensors must hold the weights of this model, but it lacks a.bias, has unexpected b, toString, ' +
        'differs in shape: a.kernel has [1, 2] instead of [2, 1]. Was it made with another configuration?',
    );
  });

  it('shortens long lists', () => {
    const many = Object.fromEntries(['p', 'q', 'r', 's', 't'].map((name) => [name, { shape: [] }]));
    expect(() => {
      checkWeights([], many, 'it');
    }).toThrow(/has unexpected p, q, r and 2 more\./);
  });
});

describe('a weights file', () => {
  it('comes back with weights, configuration and metadata', () => {
    const config = { preset: 'digits', depth: 4, channels: [1, 2] };
    const file = decodeWeights(encodeWeights(host, config, { step: '7' }));
    expect(file.weights).toEqual(host);
    expect(file.config).toEqual(config);
    expect(file.metadata['step']).toBe('7');
  });

  it('has the same bytes whatever the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(host).reverse());
    const a = encodeWeights(host, { x: 1, nested: { p: [{ u: 1, v: 2 }], q: null } });
    expect(encodeWeights(reversed, { nested: { q: null, p: [{ v: 2, u: 1 }] }, x: 1 })).toEqual(a);
  });

  it('without a configuration has the configuration null; a broken one is an error', () => {
    const bytes = encodeWeights(host, null);
    expect(decodeWeights(bytes).config).toBeNull();
    const text = new TextDecoder('latin1').decode(bytes).replace('"config":"null"', '"config":"nul!"');
    const broken = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    expect(() => decodeWeights(broken)).toThrow(
      "decodeWeights: the metadata's config must be JSON, got nul!.",
    );
  });
});
