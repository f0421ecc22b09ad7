import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkpointOf, filesIn } from './checkpoints.testdata';
import { cleanCheckpoints, loadCheckpoint, saveCheckpoint } from './checkpoints';
import { openMetricsLog } from './metricsLog';

/**
 * A process that dies: operation number `crashAt` on the disk is done by half (a write, a recursive removal) or not at
 * all, and none is done after it.
 */
const disk = vi.hoisted(() => ({ operations: 0, crashAt: Infinity, log: [] as string[] }));

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>();
  const paths = new Map<number, string>();
  const dying = (name: string, path: string, byHalf?: () => void): void => {
    disk.operations++;
    if (disk.operations === disk.crashAt) byHalf?.();
    if (disk.operations >= disk.crashAt) throw new Error('the process is dead');
    disk.log.push(`${name} ${path}`);
  };
  const changed: Partial<typeof fs> = {
    openSync: (path, ...rest) => {
      dying('open', String(path));
      const file = real.openSync(path, ...rest);
      paths.set(file, String(path));
      return file;
    },
    writeSync: ((file: number, bytes: Uint8Array, offset: number) => {
      const half = () => {
        real.writeSync(file, bytes, offset, (bytes.length - offset) >> 1);
      };
      dying('write', paths.get(file) ?? '', half);
      return real.writeSync(file, bytes, offset);
    }) as typeof real.writeSync,
    fsyncSync: (file) => {
      dying('sync', paths.get(file) ?? '');
      real.fsyncSync(file);
    },
    renameSync: (from, to) => {
      dying('rename', `${String(from)} ${String(to)}`);
      real.renameSync(from, to);
    },
    mkdirSync: ((path: string, options: fs.MakeDirectoryOptions) => {
      dying('mkdir', path);
      return real.mkdirSync(path, options);
    }) as typeof real.mkdirSync,
    rmSync: (path, options) => {
      dying('rm', String(path), () => {
        const [first] = real.existsSync(path) ? real.readdirSync(path) : [];
        if (first !== undefined) real.rmSync(join(String(path), first));
      });
      real.rmSync(path, options);
    },
  };
  return { ...real, ...changed };
});

/** Runs `f` with a crash at each of its operations in turn; `check` sees what each leaves on the disk. */
function crashEverywhere(prepare: () => void, f: () => void, check: (crashAt: number) => void): number {
  for (let crashAt = 1; ; crashAt++) {
    prepare();
    Object.assign(disk, { operations: 0, crashAt });
    let finished = false;
    try {
      f();
      finished = true;
    } catch {
      // dead
    }
    Object.assign(disk, { operations: 0, crashAt: Infinity });
    check(crashAt);
    if (finished) return crashAt - 1;
  }
}

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meanflow-crash-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('a process that dies while it saves a checkpoint', () => {
  const folder = () => join(root, 'checkpoints');
  const restart = () => {
    rmSync(folder(), { recursive: true, force: true });
  };

  it.each([1, 2])(
    'leaves a whole checkpoint at every moment, and goes on as if nothing had been (keep %d)',
    (keep) => {
      const reference = join(root, 'reference');
      for (const step of [1, 2, 3, 4]) saveCheckpoint(reference, checkpointOf(step), { keep });
      const seen = new Set<number>();
      const moments = crashEverywhere(
        () => {
          restart();
          for (const step of [1, 2]) saveCheckpoint(folder(), checkpointOf(step), { keep });
        },
        () => saveCheckpoint(folder(), checkpointOf(3), { keep }),
        () => {
          cleanCheckpoints(folder());
          const loaded = loadCheckpoint(folder());
          const step = loaded?.value.snapshot.step ?? NaN;
          seen.add(step);
          expect(loaded).toMatchObject({ value: checkpointOf(step), warnings: [] });
          for (let next = step + 1; next <= 4; next++) saveCheckpoint(folder(), checkpointOf(next), { keep });
          expect(filesIn(folder())).toEqual(filesIn(reference));
        },
      );
      expect([...seen]).toEqual([2, 3]);
      expect(moments).toBeGreaterThan(15);
    },
  );

  it('leaves the old or the new checkpoint when it replaces one of the same step, the only one', () => {
    const seen = new Set<unknown>();
    crashEverywhere(
      () => {
        restart();
        saveCheckpoint(folder(), checkpointOf(3, 70));
      },
      () => saveCheckpoint(folder(), checkpointOf(3, 80), { keep: 1 }),
      () => {
        cleanCheckpoints(folder());
        const loaded = loadCheckpoint(folder());
        seen.add(loaded?.value.snapshot.weights['a.kernel']?.data[0]);
        expect(readdirSync(folder())).toEqual(['step-00000003']);
      },
    );
    expect([...seen]).toEqual([70, 80]);
  });

  it('and dies again while it cleans up, still has it', () => {
    crashEverywhere(
      () => {
        restart();
        saveCheckpoint(folder(), checkpointOf(1));
        disk.operations = 0;
        disk.crashAt = 9; // in the middle of a file
        expect(() => saveCheckpoint(folder(), checkpointOf(2))).toThrow('dead');
        disk.crashAt = Infinity;
      },
      () => {
        cleanCheckpoints(folder());
      },
      () => {
        expect(loadCheckpoint(folder())).toMatchObject({ value: checkpointOf(1), warnings: [] });
      },
    );
  });

  it('has flushed every file and its folder before the rename, and the rename before it removes older ones', () => {
    saveCheckpoint(folder(), checkpointOf(1), { keep: 1 });
    disk.log.length = 0;
    saveCheckpoint(folder(), checkpointOf(2), { keep: 1 });
    const partial = join(folder(), '.partial-step-00000002');
    const at = (operation: string) => {
      const index = disk.log.indexOf(operation);
      expect(index, operation).toBeGreaterThanOrEqual(0);
      return index;
    };
    const files = ['model.safetensors', 'ema.safetensors', 'optimizer.safetensors', 'state.json'];
    const synced = [...files.map((file) => at(`sync ${join(partial, file)}`)), at(`sync ${partial}`)];
    const renamed = at(`rename ${partial} ${join(folder(), 'step-00000002')}`);
    const pruned = at(`rename ${join(folder(), 'step-00000001')} ${join(folder(), '.pruned-step-00000001')}`);
    const order = [...synced, renamed, at(`sync ${folder()}`), pruned];
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

describe('a process that dies while it truncates its metrics', () => {
  it('leaves the old or the new lines', () => {
    const path = join(root, 'metrics.jsonl');
    const lines = [1, 2, 3, 4].map((step) => `{"step":${step}}\n`);
    crashEverywhere(
      () => {
        writeFileSync(path, `${lines.join('')}{"st`);
      },
      () => {
        openMetricsLog(path, 2).close();
      },
      () => {
        const before = filesIn(root)['metrics.jsonl'];
        const text = Buffer.from(before ?? '', 'base64').toString();
        expect([`${lines.join('')}{"st`, lines.slice(0, 2).join('')]).toContain(text);
        openMetricsLog(path, 2).close();
        expect(filesIn(root)['metrics.jsonl']).toBe(
          Buffer.from(lines.slice(0, 2).join('')).toString('base64'),
        );
      },
    );
  });
});

it('opens files through the module that this test watches', () => {
  disk.log.length = 0;
  closeSync(openSync(root, 'r'));
  expect(disk.log).toEqual([`open ${root}`]);
});
