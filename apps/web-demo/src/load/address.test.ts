import { describe, expect, it } from 'vitest';
import { modelUrls } from './address';

const base = 'https://example.org/demo/';

describe('modelUrls', () => {
  it('leads hf:// to the hub', () => {
    expect(modelUrls('hf://ann/digits/ema.safetensors', base)).toEqual([
      'https://huggingface.co/ann/digits/resolve/main/ema.safetensors',
    ]);
    expect(modelUrls(' hf://ann/digits/runs/a/model.safetensors@v1.2 ', base, 'http://localhost:1/')).toEqual(
      ['http://localhost:1/ann/digits/resolve/v1.2/runs/a/model.safetensors'],
    );
    expect(modelUrls('hf://ann/digits@refs/pr/3', base)).toEqual([
      'https://huggingface.co/ann/digits/resolve/refs%2Fpr%2F3/ema.safetensors',
      'https://huggingface.co/ann/digits/resolve/refs%2Fpr%2F3/model.safetensors',
    ]);
  });
  it('takes addresses, relative ones from the page', () => {
    expect(modelUrls('models/a.safetensors', base)).toEqual([
      'https://example.org/demo/models/a.safetensors',
    ]);
    expect(modelUrls('http://a.b/c', base)).toEqual(['http://a.b/c']);
  });
  it.each([
    '',
    'hf://ann',
    'hf:ann/digits',
    'hf://ann/../x',
    'hf://a b/c',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://',
  ])('refuses %j', (text) => {
    expect(() => modelUrls(text, base)).toThrow(/^A model must be named as/);
  });
});
