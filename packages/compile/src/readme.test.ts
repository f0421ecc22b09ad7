import { runReadmeExample } from '@meanflow/testing';
import { expect, it } from 'vitest';

it('runs the example of the README', async () => {
  const { slope } = await runReadmeExample(import.meta.url);
  expect(slope).toBeCloseTo(3, 2);
});
