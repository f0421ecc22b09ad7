import { describe, expect, it } from 'vitest';
import { isolated, strategyFor } from './strategy';

const scope = 'https://example.org/demo/';
const get = (path: string, mode = 'cors') => ({
  url: new URL(path, scope).href,
  method: 'GET',
  mode,
  isPartial: false,
});

describe('strategyFor', () => {
  it.each([
    [get('./', 'navigate'), 'network-first'],
    [get('index.html?seed=1', 'navigate'), 'network-first'],
    [get('assets/worker-abc.js'), 'cache-first'],
    [get('assets/x.wasm?y'), 'cache-first'],
    [get('models/digits/a.safetensors'), 'cache-first'],
    [get('models/models.json'), 'network-first'],
    [get('../other/page'), 'pass'],
    [get('https://huggingface.co/a/b/resolve/main/ema.safetensors'), 'pass'],
    [{ ...get('assets/a.js'), method: 'POST' }, 'pass'],
    [{ ...get('models/a.safetensors'), isPartial: true }, 'pass'],
  ])('%j: %s', (request, strategy) => {
    expect(strategyFor(request, scope)).toBe(strategy);
  });
});

describe('isolated', () => {
  it('adds the headers and keeps the rest', async () => {
    const made = isolated(new Response('text', { status: 201, headers: { 'content-type': 'text/plain' } }));
    expect(made.status).toBe(201);
    expect(made.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(made.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(made.headers.get('content-type')).toBe('text/plain');
    expect(await made.text()).toBe('text');
  });
  it('takes answers without a body', () => {
    expect(isolated(new Response(null, { status: 304 })).status).toBe(304);
    const failed = Response.error();
    expect(isolated(failed)).toBe(failed);
  });
});
