import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README', async () => {
  const { back } = await runReadmeExample(import.meta.url);
  expect(back).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
});
