import { expect, it } from 'vitest';
import { createQueue } from './queue';

it('runs jobs one at a time, in their order, also after one that failed', async () => {
  const exclusive = createQueue();
  const events: string[] = [];
  const job = (name: string, fails = false) =>
    exclusive(async () => {
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
      if (fails) throw new Error(`${name} failed`);
      return name;
    });
  const [a, b, c] = [job('a'), job('b', true), job('c')];
  await expect(b).rejects.toThrow('b failed');
  expect(await Promise.all([a, c])).toEqual(['a', 'c']);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});
