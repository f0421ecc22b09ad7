import { columnsFor } from '@meanflow/train/run';
import { describe, expect, it } from 'vitest';
import { labelsFor, readSeed, readSettings, sampleCommand, writeSettings } from './settings';

const from = (query: string) => readSettings((name) => new URLSearchParams(query).get(name));

describe('readSettings', () => {
  it('reads what writeSettings writes', () => {
    for (const settings of [
      { seed: 12, chosenClass: 3, calls: 4 },
      { seed: 0, chosenClass: null, calls: 1 },
      { seed: Number.MAX_SAFE_INTEGER - 1, chosenClass: 0, calls: 8 },
    ]) {
      const written = Object.entries(writeSettings(settings)).filter(([, value]) => value !== null);
      expect(from(new URLSearchParams(written as [string, string][]).toString())).toEqual(settings);
    }
  });
  it.each(['', 'seed=-1&class=x&calls=3', 'seed=1e3&class=-2&calls=0', 'seed=99999999999999999999'])(
    'takes the usual values for %j',
    (query) => {
      expect(from(query)).toEqual({ seed: 0, chosenClass: null, calls: 1 });
    },
  );
  it('takes a seed with spaces around it', () => {
    expect(readSeed(' 7 ')).toBe(7);
    expect(readSeed('')).toBeNull();
  });
});

describe('labelsFor', () => {
  it('has a row of eight for each class, or sixty-four of one', () => {
    const all = labelsFor({ numClasses: 10 }, null);
    expect(all).toHaveLength(80);
    expect([...all.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(columnsFor(80, all)).toBe(8);
    const threes = labelsFor({ numClasses: 10 }, 3);
    expect(threes).toEqual(new Int32Array(64).fill(3));
    expect(columnsFor(64, threes)).toBe(8);
    expect(labelsFor({ numClasses: 0 }, 3)).toEqual(new Int32Array(64));
    expect(labelsFor({ numClasses: 2 }, 3)).toHaveLength(16);
    expect(labelsFor({ numClasses: 1000 }, null)).toHaveLength(128);
  });
});

describe('sampleCommand', () => {
  it('names what differs from the usual', () => {
    expect(sampleCommand({ numClasses: 10 }, { seed: 7, chosenClass: null, calls: 1 })).toBe(
      'meanflow sample --checkpoint RUN --seed 7 --out grid.png',
    );
    expect(sampleCommand({ numClasses: 10 }, { seed: 0, chosenClass: 4, calls: 2 })).toBe(
      'meanflow sample --checkpoint RUN --classes 4 --count 64 --nfe 2 --seed 0 --out grid.png',
    );
    expect(sampleCommand({ numClasses: 1000 }, { seed: 0, chosenClass: null, calls: 1 })).toContain(
      '--classes 0-15',
    );
  });
});
