import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMetricsLog } from './metricsLog';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-metrics-'));
  path = join(folder, 'run', 'metrics.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (lastStep: number, steps: readonly number[], loss = 1) => {
  const log = openMetricsLog(path, lastStep);
  for (const step of steps) log.append({ step, loss });
  log.flush();
  log.close();
};
const lines = () => readFileSync(path, 'utf8').split('\n');

describe('the metrics log', () => {
  it('holds one object a line, NaN as null', () => {
    const log = openMetricsLog(path, 0);
    log.append({ step: 1, loss: 0.5, skipped: false });
    log.append({ step: 2, loss: NaN, note: 'é' });
    log.close();
    expect(lines()).toEqual([
      '{"step":1,"loss":0.5,"skipped":false}',
      '{"step":2,"loss":null,"note":"é"}',
      '',
    ]);
  });

  it('goes on after the checkpoint: later lines are written anew, earlier ones stay as they are', () => {
    write(0, [1, 2, 3, 4, 5]);
    write(3, [4, 5, 6], 7);
    expect(lines()).toEqual([
      ...[1, 2, 3].map((s) => `{"step":${s},"loss":1}`),
      ...[4, 5, 6].map((s) => `{"step":${s},"loss":7}`),
      '',
    ]);
    expect(readdirSync(join(folder, 'run'))).toEqual(['metrics.jsonl']);
  });

  it.each(['{"step":3,"lo', '{"step":3}{"st', '12', 'null', '{"loss":1}', '{"step":"3"}', '\0\0\0'])(
    'drops a last line that is not whole: %j',
    (end) => {
      write(0, [1, 2]);
      writeFileSync(path, readFileSync(path, 'utf8') + end);
      write(2, [3]);
      expect(lines()).toEqual([...[1, 2, 3].map((s) => `{"step":${s},"loss":1}`), '']);
    },
  );

  it('keeps a whole last line that only lacks its end', () => {
    write(0, [1]);
    writeFileSync(path, '{"step":1,"loss":1}');
    write(1, [2]);
    expect(lines()).toEqual(['{"step":1,"loss":1}', '{"step":2,"loss":1}', '']);
  });
});
