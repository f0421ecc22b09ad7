import { expect, it } from 'vitest';
import { distanceOf, falling, turned } from './commuting.testdata';
import { frechetDistance } from './frechetDistance';

it.each([0, 1000])(
  'knows covariances of 2048 features that commute, %i of the variances being 0',
  (zeros) => {
    const [a, b] = [falling(2048, 6, zeros, 'a'), falling(2048, 6, zeros, 'b')];
    const { distance, rank } = frechetDistance(turned(a), turned(b));
    expect(rank).toBe(2048 - zeros);
    expect(Math.abs(distance - distanceOf(a, b))).toBeLessThan(1e-8 * distanceOf(a, b));
  },
);

it('does not gather memory', () => {
  const [a, b] = [turned(falling(512, 3, 0, 'a')), turned(falling(512, 3, 0, 'b'))];
  const resident = () => process.memoryUsage.rss() / 2 ** 20;
  for (let i = 0; i < 20; i++) frechetDistance(a, b);
  const before = resident();
  for (let i = 0; i < 60; i++) frechetDistance(a, b);
  expect(resident() - before).toBeLessThan(100); // one call takes 7 MiB: 60 would be 420
});
