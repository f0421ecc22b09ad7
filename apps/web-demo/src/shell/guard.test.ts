import { describe, expect, it } from 'vitest';
import { createEnding, guard } from './guard';

describe('guard', () => {
  const remote = {
    add: (a: number, b: number) => Promise.resolve(a + b),
    inner: { never: () => new Promise(() => undefined) },
  };
  it('passes calls on', async () => {
    expect(await guard(remote, createEnding().promise).add(2, 3)).toBe(5);
  });
  it('fails what would never be answered', async () => {
    const ending = createEnding();
    const asked = guard(remote, ending.promise).inner.never();
    ending.reject(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    await expect(guard(remote, ending.promise).inner.never()).rejects.toThrow('stopped');
  });
});
