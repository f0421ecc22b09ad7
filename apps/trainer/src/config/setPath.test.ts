import { describe, expect, it } from 'vitest';
import { parseAssignment, setPath } from './setPath';

describe('parseAssignment', () => {
  it.each([
    ['steps=5', ['steps'], 5],
    ['optimizer.lr=1e-3', ['optimizer', 'lr'], 1e-3],
    ['objective.guidance=null', ['objective', 'guidance'], null],
    ['data.horizontalFlip=true', ['data', 'horizontalFlip'], true],
    ['data.images=a=b', ['data', 'images'], 'a=b'],
    ['model={kind: mlp, depth: 2}', ['model'], { kind: 'mlp', depth: 2 }],
    ['data.folder=', ['data', 'folder'], null],
    ['data.folder="1"', ['data', 'folder'], '1'],
  ])('reads %s', (text, path, value) => {
    expect(parseAssignment(text)).toEqual({ path, value });
  });
  it.each(['steps', '=5', 'optimizer..lr=1', '.lr=1'])('refuses %s', (text) => {
    expect(() => parseAssignment(text)).toThrow(`--set must be path.to.key=value, got ${text}.`);
  });
  it('refuses what is not YAML, in one sentence', () => {
    expect(() => parseAssignment('model={kind: mlp')).toThrow(
      /^--set model must have a YAML value, got \{kind: mlp \(.+\)\.$/,
    );
  });
});

describe('setPath', () => {
  const config = { steps: 5, optimizer: { lr: 1, eps: 2 }, data: null };
  it('replaces one value and leaves the rest and the original alone', () => {
    const before = structuredClone(config);
    expect(setPath(config, { path: ['optimizer', 'lr'], value: 3 })).toEqual({
      ...before,
      optimizer: { lr: 3, eps: 2 },
    });
    expect(config).toEqual(before);
  });
  it('makes the groups on the way', () => {
    expect(setPath(config, { path: ['data', 'kind'], value: 'digits' })).toMatchObject({
      data: { kind: 'digits' },
    });
    expect(setPath({}, { path: ['a', 'b', 'c'], value: 1 })).toEqual({ a: { b: { c: 1 } } });
  });
  it('refuses to go through a value', () => {
    expect(() => setPath(config, { path: ['steps', 'warmup', 'x'], value: 1 })).toThrow(
      'steps holds a value, 5, so steps.warmup.x cannot be set.',
    );
  });
  it('never touches the prototype of objects', () => {
    const changed = setPath({}, { path: ['__proto__', 'polluted'], value: true });
    expect(Object.keys(changed)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });
});
