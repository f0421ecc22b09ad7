import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { uniforms } from '@meanflow/random';
import { expect } from 'vitest';
import { filesIn, metricsOf, startCli, tiny } from './cli.testdata';
import type { BuiltCli, CliProcess } from './cli.testdata';

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

const STARTING = 0.2; // share of the moments that lie before the first step
const STARTING_MS = 1000;
const STEP_MS = 40;

/**
 * Waits for a random moment of a training: while the program starts, or at and shortly after a random step, so that a
 * machine with other load is hit at the same stages.
 */
async function moment({ printed, done }: CliProcess, stage: number, delay: number): Promise<void> {
  const ended = done.then(() => true);
  const goesOn = async (ms: number) => !(await Promise.race([ended, sleep(ms, false)]));
  if (stage < STARTING) {
    await goesOn(delay * STARTING_MS);
    return;
  }
  const target = Math.floor(((stage - STARTING) / (1 - STARTING)) * (STEPS - 1));
  const reached = () =>
    Math.max(-1, ...[...printed().matchAll(/^step (\d+)\//gm)].map(([, step]) => Number(step)));
  while (reached() < target && (await goesOn(5)));
  await goesOn(delay * STEP_MS);
}

/**
 * For tests: trains the reference of a backend.
 *
 * @param extra More arguments.
 */
export async function openKillBench(
  cli: BuiltCli,
  backend: string,
  extra: readonly string[],
): Promise<KillBench> {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-kill-'));
  const reference = join(folder, 'reference');
  const first = await startCli(cli, ...argumentsFor(backend, reference, extra)).done;
  expect(first).toMatchObject({ code: ENDED, err: `${reference} holds no run yet: a new one starts.\n` });
  const expected = traceOf(reference);
  expect(Object.keys(expected.checkpoints)).toHaveLength(8); // two checkpoints of four files

  /** Starts a process and kills it at a random moment. */
  async function killOnce(root: string, stage: number, delay: number): Promise<boolean> {
    const started = startCli(cli, ...argumentsFor(backend, root, extra));
    await moment(started, stage, delay);
    started.child.kill('SIGKILL');
    return (await started.done).code === KILLED;
  }

  return {
    async killed(name, times, seed) {
      const root = join(folder, name);
      const [stages, delays] = ['stage', 'delay'].map((purpose) => uniforms({ seed, purpose }, times));
      let kills = 0;
      for (let i = 0; i < times; i++)
        kills += Number(await killOnce(root, stages?.[i] ?? 0, delays?.[i] ?? 0));
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
