import { describe, expect, it } from 'vitest';
import { toyNames, toyPoints } from './toys';
import type { PointDataset } from './dataset';

function at({ points }: PointDataset, i: number): [number, number] {
  return [points[2 * i]!, points[2 * i + 1]!];
}

/** Mean of f over all points. */
function mean(set: PointDataset, f: (x: number, y: number) => number): number {
  let sum = 0;
  for (let i = 0; i < set.count; i++) sum += f(...at(set, i));
  return sum / set.count;
}

describe.each(toyNames)('toyPoints %s', (name) => {
  const set = toyPoints(name, { count: 40_000, seed: 3 });
  it('has zero mean and unit variance', () => {
    expect(mean(set, (x) => x)).toBeCloseTo(0, 1.5);
    expect(mean(set, (_, y) => y)).toBeCloseTo(0, 1.5);
    expect(mean(set, (x, y) => (x * x + y * y) / 2)).toBeCloseTo(1, 1.6); // within 0.0126
  });
  it('is the same for the same seed, another for another, and a prefix of a longer draw', () => {
    const short = toyPoints(name, { count: 100, seed: 3 });
    expect(short.points).toEqual(set.points.slice(0, 200));
    expect(short.labels).toEqual(set.labels.slice(0, 100));
    expect(toyPoints(name, { count: 100, seed: 4 }).points).not.toEqual(short.points);
  });
  it('has equally many points in each class', () => {
    const classes = Math.max(set.numClasses, 1);
    for (let k = 0; k < classes; k++) {
      const members = set.labels.filter((label) => label === k).length;
      expect(Math.abs(members - set.count / classes)).toBeLessThan(1);
    }
  });
});

describe('toyPoints', () => {
  it('puts the eight Gaussians at multiples of 45 degrees, class 0 at the right', () => {
    const set = toyPoints('eight-gaussians', { count: 800 });
    const radius = 1 / Math.sqrt(0.51);
    for (let i = 0; i < set.count; i++) {
      const angle = (Math.PI / 4) * set.labels[i]!;
      const [x, y] = at(set, i);
      expect(Math.hypot(x - radius * Math.cos(angle), y - radius * Math.sin(angle))).toBeLessThan(
        5 * 0.1 * radius,
      );
    }
  });
  it('fills dark squares of the board only, each as often', () => {
    const set = toyPoints('checkerboard', { count: 8000 });
    const cell = (v: number) => Math.floor((2 * (v + Math.sqrt(3))) / Math.sqrt(3));
    const squares = new Map<string, number>();
    for (let i = 0; i < set.count; i++) {
      const [column, row] = at(set, i).map(cell) as [number, number];
      expect((column + row) % 2).toBe(0);
      squares.set(`${column},${row}`, (squares.get(`${column},${row}`) ?? 0) + 1);
    }
    expect(squares.size).toBe(8);
    for (const times of squares.values()) expect(Math.abs(times - 1000)).toBeLessThan(150);
  });
  it('separates the rings by radius and the moons by their bend', () => {
    const rings = toyPoints('rings', { count: 3000 });
    const scale = 1 / Math.sqrt(14 / 6 + 0.08 ** 2);
    for (let i = 0; i < rings.count; i++) {
      expect(Math.abs(Math.hypot(...at(rings, i)) / scale - 1 - rings.labels[i]!)).toBeLessThan(0.5);
    }
    const moons = toyPoints('moons', { count: 3000 });
    const height = (label: number) =>
      Math.max(
        ...Array.from({ length: moons.count }, (_, i) => (moons.labels[i] === label ? at(moons, i)[1] : -9)),
      );
    expect(height(0)).toBeGreaterThan(height(1)); // class 0 is the upper one
  });
  it('turns spiral and pinwheel to the left, each class in its own arm', () => {
    const arms = {
      // Tangential noise of 0.02, and radial noise that moves the middle by 3 pi r 0.02:
      // 0.02 sqrt(2 / pi) E sqrt(1 + (3 pi r)^2), E over r^2 uniform in [0, 1], about 0.02 * 0.8 * 6.4
      spiral: {
        scale: 1 / Math.sqrt(0.2504),
        spread: 0.102,
        angle: (r: number, k: number) => Math.PI * (3 * r + k),
      },
      pinwheel: {
        scale: 1 / Math.sqrt(0.55),
        spread: 0.1 * Math.sqrt(2 / Math.PI), // E |0.1 m|
        angle: (r: number, k: number) => ((2 * Math.PI) / 5) * k + 0.25 * Math.exp(r),
      },
    };
    for (const [name, { scale, spread, angle }] of Object.entries(arms)) {
      const set = toyPoints(name as keyof typeof arms, { count: 2000 });
      // Distance of a point from the middle of its arm at the same radius, averaged over all points.
      const distance = set.labels.reduce((sum, k, i) => {
        const [x, y] = at(set, i).map((v) => v / scale) as [number, number];
        const radius = Math.hypot(x, y);
        return (
          sum + Math.hypot(x - radius * Math.cos(angle(radius, k)), y - radius * Math.sin(angle(radius, k)))
        );
      }, 0);
      expect(distance / set.count).toBeCloseTo(spread, 2); // within 0.005
    }
  });
  it('names its choices', () => {
    expect(() => toyPoints('moon' as 'moons')).toThrow(
      'toyPoints: name must be one of moons, spiral, checkerboard, eight-gaussians, rings, pinwheel, got moon.',
    );
    expect(() => toyPoints('toString' as 'moons')).toThrow('got toString.');
    expect(() => toyPoints('moons', { count: 0 })).toThrow(
      'toyPoints: count must be an integer of at least 1, got 0.',
    );
    expect(() => toyPoints('moons', { seed: -1 })).toThrow('seed must be an integer');
  });
});
