import { describe, expect, it } from 'vitest';
import { encodeMetrics, openHistory, parseMetrics } from './history';
import type { SampleGrid, StepNumbers } from './history';

const point = (step: number): StepNumbers => ({
  ...{ step, rawLoss: 1 / step, fmLoss: null, loss: 1, gradNorm: 2, lr: 0.1 },
});
const grid = (step: number): SampleGrid => ({ step, shape: [1, 1, 1, 1], pixels: Uint8Array.of(step % 256) });

describe('a history', () => {
  it('stays bounded, evenly, and keeps the latest', () => {
    const history = openHistory();
    for (let step = 1; step <= 20_000; step++) {
      history.addPoint(point(step));
      history.addGrid(grid(step));
    }
    const steps = history.points.map((p) => p.step);
    expect(steps.length).toBeGreaterThan(1500);
    expect(steps.length).toBeLessThanOrEqual(4000);
    expect(steps.at(-1)).toBeGreaterThan(19_980);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(history.grids.length).toBeLessThanOrEqual(60);
    expect(history.grids.at(-1)?.step).toBe(20_000);
  });

  it('forgets what lies beyond the step that training goes on from', () => {
    const kept = { points: [1, 2, 3, 4].map(point), grids: [1, 2, 3].map(grid) };
    const history = openHistory(kept, 2);
    expect(history.points.map(({ step }) => step)).toEqual([1, 2]);
    expect(history.grids.map(({ step }) => step)).toEqual([1, 2]);
    history.addGrid(grid(2)); // drawn again
    expect(history.grids.map(({ step }) => step)).toEqual([1, 2]);
  });
});

describe('metrics.jsonl', () => {
  it('comes back as it was', () => {
    const points = [1, 2, 30].map(point);
    expect(parseMetrics(encodeMetrics(points))).toEqual(points);
  });

  it('of the trainer is read; evaluations, half a line and repeated steps are left out', () => {
    const lines = [
      '{"step":20,"epoch":0.7,"loss":1.1,"rawLoss":40,"fmLoss":30,"dudtNorm":1,"gradNorm":2,"lr":0.001}',
      '{"step":20,"fid":12}',
      '{"step":20,"loss":1.1,"rawLoss":41}',
      'null',
      '{"step":40,"loss":1,"ra',
    ];
    expect(parseMetrics(lines.join('\n'))).toEqual([
      { step: 20, rawLoss: 40, fmLoss: 30, loss: 1.1, gradNorm: 2, lr: 0.001 },
    ]);
  });
});
