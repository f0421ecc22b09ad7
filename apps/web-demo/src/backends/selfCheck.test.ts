import '@tensorflow/tfjs';
import { describeBackends, expectNoLeakAsync } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareTinySteps, selfCheck, tinyStepOnCpu } from './selfCheck';
import { tinyStep } from './tinyStep';

describe('tinyStepOnCpu', () => {
  it('is what the cpu backend computes', async () => {
    await tf.setBackend('cpu');
    const found = await tinyStep();
    for (const part of ['samples', 'logs', 'gradients'] as const) {
      expect(found[part]).toHaveLength(tinyStepOnCpu[part].length);
      for (const [i, value] of tinyStepOnCpu[part].entries()) expect(found[part][i]).toBeCloseTo(value, 3);
    }
  });
});

describeBackends('selfCheck', () => {
  it('finds nothing wrong, and leaves nothing behind', async () => {
    await selfCheck(); // what a backend keeps from its first call on
    await expectNoLeakAsync(async () => {
      expect(await selfCheck()).toBeNull();
    });
  });
});

describe('compareTinySteps', () => {
  const changed = (part: keyof typeof tinyStepOnCpu, change: (value: number) => number) => ({
    ...tinyStepOnCpu,
    [part]: tinyStepOnCpu[part].map((value, i) => (i === 2 ? change(value) : value)),
  });
  it('says what differs', () => {
    expect(compareTinySteps(tinyStepOnCpu)).toBeNull();
    expect(compareTinySteps(changed('samples', (value) => -value))).toMatch(/^its images differ by 49 %/);
    expect(compareTinySteps(changed('gradients', (value) => value + 0.01))).toMatch(/^its gradients differ/);
    expect(compareTinySteps(changed('logs', () => NaN))).toBe('its losses are not numbers');
  });
  it('allows for rounding', () => {
    expect(compareTinySteps(changed('samples', (value) => value * 1.0001))).toBeNull();
  });
});
