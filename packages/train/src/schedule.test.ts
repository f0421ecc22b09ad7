import { expectClose, golden } from '@meanflow/testing';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from './schedule';

const reference = golden(import.meta.url, 'imf_samplers_schedules.safetensors');
const { lr: peak, warmup_steps: warmupSteps } = reference.config['lr'] as {
  lr: number;
  warmup_steps: number;
};
const steps = [...reference.data('lr/step')];

describe('learningRateAt', () => {
  it('equals the published warm-up with a constant rate', () => {
    const rates = steps.map((step) => learningRateAt({ peak, warmupSteps }, step));
    expectClose(rates, reference.data('lr/warmup_const'), 1e-7);
  });

  it('equals the published warm-up with a cosine, whose length includes the warm-up', () => {
    // The reference runs 20 steps, of which it takes 20 - 5 as decay_steps, and ends at a tenth of the rate.
    const schedule = { peak, warmupSteps, decay: 'cosine', decaySteps: 15, final: peak / 10 } as const;
    const rates = steps.map((step) => learningRateAt(schedule, step));
    expectClose(rates, reference.data('lr/warmup_cosine'), 2e-7);
  });

  it('is the number itself, or the peak at once without a warm-up', () => {
    expect(learningRateAt(1e-3, 0)).toBe(1e-3);
    expect(learningRateAt({ peak: 1e-3, decay: 'cosine', decaySteps: 10 }, 0)).toBe(1e-3);
    expect(learningRateAt({ peak: 1e-3, decay: 'cosine', decaySteps: 10 }, 10)).toBe(0);
  });

  it.each([
    [-1, /peak must be a positive number, got -1/],
    [NaN, /peak must be a positive number, got NaN/],
    [{ peak: 1, warmupSteps: 1.5 }, /warmupSteps must be a natural number, got 1.5/],
    [{ peak: 1, decay: 'cosine' } as const, /decaySteps must be more than warmupSteps 0, got undefined/],
    [{ peak: 1, warmupSteps: 9, decay: 'cosine', decaySteps: 9 } as const, /more than warmupSteps 9, got 9/],
    [{ peak: 1, decay: 'cosine', decaySteps: 9, final: 2 } as const, /final must be in \[0, peak 1\], got 2/],
  ])('refuses %j', (schedule, message) => {
    expect(() => learningRateAt(schedule, 0)).toThrow(message);
  });
});
