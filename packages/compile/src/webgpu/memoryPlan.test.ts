import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planMemory } from './memoryPlan';

const lifetime = fc
  .record({ size: fc.integer({ min: 1, max: 100 }), first: fc.nat(50), length: fc.nat(10) })
  .map(({ size, first, length }) => ({ size, first, last: first + length }));

it('never gives one buffer to two lifetimes that meet, and always one that is large enough', () => {
  fc.assert(
    fc.property(fc.array(lifetime, { maxLength: 40 }), (lifetimes) => {
      const { sizes, places } = planMemory(lifetimes);
      for (const [i, a] of lifetimes.entries()) {
        expect(sizes[places[i]!]).toBeGreaterThanOrEqual(a.size);
        for (const [j, b] of lifetimes.entries()) {
          if (i < j && places[i] === places[j]) expect(a.first > b.last || b.first > a.last).toBe(true);
        }
      }
    }),
  );
});

it('needs two buffers for a chain, and one for what never meets', () => {
  const chain = [0, 1, 2, 3].map((i) => ({ size: 8, first: i, last: i + 1 }));
  expect(planMemory(chain).sizes).toEqual([8, 8]);
  const apart = [0, 1, 2].map((i) => ({ size: 4 * (i + 1), first: 2 * i, last: 2 * i + 1 }));
  expect(planMemory(apart).sizes).toEqual([12]);
});
