import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uniforms } from '@meanflow/random';
import { expect } from 'vitest';
import { filesIn, metricsOf, startCli, tiny } from './cli.testdata';
import type { BuiltCli } from './cli.testdata';

const STEPS = 60;
const ENDED = 0;
const KILLED = null; // the exit code of a process that a signal ended

/** For tests: a reference that ran undisturbed, and runs that are killed. */
export interface KillBench {
  /**
   * Kills one run so many times at random moments, lets it finish, and compares it with the reference.
   *
   * @returns How many of the processes had not ended before.
   */
  killed(name: string, times: number, seed: number): Promise<number>;
  remove(): void;
}

function argumentsFor(backend: string, root: string, extra: readonly string[]): string[] {
  const preset = ['train', '--preset', 'digits', ...tiny, '--steps', String(STEPS)];
  return [...preset, '--resume', '--out', root, '--backend', backend, ...extra];
}

/** Everything of a run that does not depend on the clock. */
function traceOf(root: string) {
  return {
    checkpoints: filesIn(join(root, 'checkpoints')),
    samples: filesIn(join(root, 'samples')),
    metrics: metricsOf(root),
  };
}

/**
 * For tests: trains the reference of a backend, and measures how long a process takes.
 *
 * @param extra More arguments.
 */
export async function openKillBench(
  cli: BuiltCli,
  backend: string,
  extra: readonly string[],
): Promise<KillBench> {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-kill-'));
  const start = performance.now();
  const reference = join(folder, 'reference');
  const first = await startCli(cli, ...argumentsFor(backend, reference, extra)).done;
  const duration = performance.now() - start;
  expect(first).toMatchObject({ code: ENDED, err: `${reference} holds no run yet: a new one starts.\n` });
  const expected = traceOf(reference);
  expect(Object.keys(expected.checkpoints)).toHaveLength(8); // two checkpoints of four files

  /** Starts a process and kills it after a random part of the time that a whole training takes. */
  async function killOnce(root: string, part: number): Promise<boolean> {
    const { child, done } = startCli(cli, ...argumentsFor(backend, root, extra));
    const ended = done.then(({ code }) => code);
    await Promise.race([sleep(part * duration), ended]);
    child.kill('SIGKILL');
    return (await ended) === KILLED;
  }

  return {
    async killed(name, times, seed) {
      const root = join(folder, name);
      let kills = 0;
      for (const part of uniforms({ seed, purpose: 'kill' }, times))
        kills += Number(await killOnce(root, part));
      const { code, err, out } = await startCli(cli, ...argumentsFor(backend, root, extra)).done;
      expect(code, `${err}${out}`).toBe(ENDED);
      expect(err).not.toContain('damaged');
      expect(traceOf(root)).toEqual(expected);
      return kills;
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
