import { describeBackends, expectClose, golden } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleTimes, timesFromDraws } from './times';
import type { TimeSamplerOptions } from './times';

const reference = golden(import.meta.url, 'time_sampler_meanflow.safetensors');
const variants: Record<string, TimeSamplerOptions> = {
  default: {},
  ratio_half: { mean: -2, std: 2, instantFraction: 0.5 },
  uniform: { distribution: 'uniform', instantFraction: 0.25 },
};

describe('timesFromDraws', () => {
  it.each(Object.entries(variants))('equals the published sampler (%s)', (name, options) => {
    const data = (tensor: string) => reference.data(`${name}/${tensor}`) as Float32Array;
    const { t, r } = timesFromDraws(data('draw_1'), data('draw_2'), options);
    expectClose(t, data('t'), 2e-7);
    expectClose(r, data('r'), 2e-7);
  });

  it('orders every pair and counts the rows with r = t', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (batch, share) => {
          const draws = (offset: number) =>
            Float32Array.from({ length: batch }, (_, i) => Math.sin(i * 7 + offset));
          const { t, r, instantRows } = timesFromDraws(draws(0), draws(1), { instantFraction: share });
          expect(instantRows).toBe(Math.floor(batch * share));
          for (let i = 0; i < batch; i++) {
            if (i < instantRows) expect(r[i]).toBe(t[i]);
            else expect(r[i]).toBeLessThan(t[i] ?? NaN);
          }
        },
      ),
    );
  });

  it.each([
    [{ instantFraction: -0.1 }, 'timesFromDraws: instantFraction must be in [0, 1], got -0.1.'],
    [{ std: -1 }, 'timesFromDraws: std must be at least 0, got -1.'],
    [{ mean: NaN }, 'timesFromDraws: mean must be'],
    [
      { distribution: 'normal' as never },
      "timesFromDraws: distribution must be 'logit-normal' or 'uniform', got 'normal'.",
    ],
  ])('refuses %j', (options, message) => {
    expect(() => timesFromDraws(new Float32Array(1), new Float32Array(1), options)).toThrow(message);
  });
});

describeBackends('sampleTimes', () => {
  it('gives the same times for the same seed, prefixes included', () => {
    const all = sampleTimes(16, 3, { instantFraction: 0 });
    const few = sampleTimes(4, 3, { instantFraction: 0 });
    expect([...few.t.dataSync()]).toEqual([...all.t.dataSync()].slice(0, 4));
    expect([...sampleTimes(4, 4).t.dataSync()]).not.toEqual([...few.t.dataSync()]);
    tf.dispose([all.t, all.r, few.t, few.r]);
  });
  it('refuses a batch of none', () => {
    expect(() => sampleTimes(0, 1)).toThrow('sampleTimes: batch must be an integer of at least 1, got 0.');
  });
});
