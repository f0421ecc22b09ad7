import { freemem, totalmem } from 'node:os';
import type { CaseName } from './cases';
import { startChild } from './child';
import type { Absent, Child } from './child';
import { peakMiB, residentMiB, resetPeak } from './memory';
import { median } from './median';
import type { NetworkName } from './networks';
import { launchOf } from './programs';
import type { Program } from './programs';

/** Steps of one program in one case. */
export interface Measured {
  readonly network: NetworkName;
  readonly case: CaseName;
  readonly program: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Time of each timed step, in ms, in the order in which they ran. */
  readonly ms: readonly number[];
  /** Loss before weighting of the first two steps (or the mean square of samples): forward pass, then one update. */
  readonly values: readonly number[];
  /** Time until the first step was done, compilation included, in ms. */
  readonly firstMs: number;
  /** Memory after the start, before weights and inputs, in MiB; null where that is not known. */
  readonly baselineMiB: number | null;
  /** The most memory while steps were timed, in MiB. */
  readonly peakMiB: number | null;
}

/** A program that did not run in a case. */
interface Skipped extends Absent {
  readonly network: NetworkName;
  readonly case: CaseName;
  readonly program: string;
}

export type Outcome = Measured | Skipped;

/** What is measured, and how long. */
export interface MeasureOptions {
  readonly network: NetworkName;
  readonly case: CaseName;
  /** The inputs, see `encodeInputs`. */
  readonly file: string;
  readonly programs: readonly Program[];
  readonly rounds: number;
  /** This program's own script. */
  readonly cli: string;
  /** Says what is going on. */
  readonly progress: (text: string) => void;
}

/** A program that is slower than this is timed at once, alone: alternating would only keep the others waiting. */
const SLOW_MS = 8000;
/** A second step that takes longer is not still preparing something. */
const HOPELESS_MS = 30_000;
/** A group is complete when less than this share of the memory is free. */
const MEMORY_SHARE = 0.25;
/** A slow program takes steps until this time is over. */
const SLOW_BUDGET_MS = 30_000;

/** A program that is warm and takes part in the rounds. */
interface Runner {
  readonly program: Program;
  readonly child: Child;
  readonly values: number[];
  readonly ms: number[];
  readonly firstMs: number;
  readonly baselineMiB: number | null;
  /** Whether it is timed alone. */
  readonly slow: boolean;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Starts a program, sets it up and lets it warm up. */
async function warmUp(program: Program, options: MeasureOptions): Promise<Runner | Absent> {
  const launch = launchOf(program, options.cli);
  if ('absent' in launch) return launch;
  const child = await startChild(launch);
  if ('absent' in child) return child;
  try {
    // On a GPU the memory that counts is not the process's.
    const baselineMiB = program.device === 'gpu' ? null : residentMiB(child.pid);
    const start = performance.now();
    await child.ask({ do: 'setup', case: options.case, file: options.file });
    const first = await child.ask({ do: 'step' });
    const firstMs = performance.now() - start;
    resetPeak(child.pid);
    const second = await child.ask({ do: 'step' });
    const runner = { program, child, values: [first.value, second.value], firstMs, baselineMiB };
    if (second.ms > HOPELESS_MS) return { ...runner, ms: [second.ms], slow: true };
    const third = await child.ask({ do: 'step' }); // ours check in the second step what they recorded in the first
    if (third.ms > SLOW_MS) return { ...runner, ms: [third.ms], slow: true };
    resetPeak(child.pid);
    return { ...runner, ms: [], slow: false };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function timeOnce({ child, ms }: Runner): Promise<void> {
  ms.push((await child.ask({ do: 'step' })).ms);
}

async function timeAlone(runner: Runner, rounds: number): Promise<void> {
  const end = performance.now() + SLOW_BUDGET_MS;
  while (runner.ms.length < rounds && performance.now() < end) await timeOnce(runner);
}

async function finish(runner: Runner, { network, case: name, progress }: MeasureOptions): Promise<Measured> {
  const { program, child, ms, values, firstMs, baselineMiB } = runner;
  const peak = program.device === 'gpu' ? null : peakMiB(child.pid);
  await child.stop();
  progress(`${program.name}: ${Math.round(median(ms))} ms`);
  const { versions } = child;
  return {
    ...{ network, case: name, program: program.name, versions },
    ...{ ms, values, firstMs, baselineMiB, peakMiB: peak },
  };
}

function skipped(program: Program, { network, case: name }: MeasureOptions, why: Absent): Skipped {
  return { network, case: name, program: program.name, ...why };
}

/** Lets all programs that are warm take their steps in turn. A program that fails leaves the rounds. */
async function alternate(
  runners: readonly Runner[],
  rounds: number,
  failures: Map<Runner, string>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      if (failures.has(runner)) continue;
      runner.child.resume();
      try {
        await timeOnce(runner);
      } catch (error) {
        failures.set(runner, messageOf(error));
      }
      runner.child.pause();
    }
  }
}

/** Whether another program still fits into memory beside those that are waiting for their turn. */
function isMemoryShort(): boolean {
  return freemem() < MEMORY_SHARE * totalmem();
}

/** Lets the programs that are warm take their rounds, and ends them. */
async function runGroup(runners: readonly Runner[], options: MeasureOptions): Promise<Outcome[]> {
  options.progress(`${runners.length} programs, ${options.rounds} rounds`);
  const failures = new Map<Runner, string>();
  await alternate(runners, options.rounds, failures);
  const outcomes: Outcome[] = [];
  for (const runner of runners) {
    const failure = failures.get(runner);
    const measured = await finish(runner, options);
    outcomes.push(failure === undefined ? measured : skipped(runner.program, options, { absent: failure }));
  }
  return outcomes;
}

/** What became of a program after its start: it waits for the rounds, or its outcome is known already. */
async function prepare(program: Program, options: MeasureOptions): Promise<Runner | Outcome> {
  options.progress(`${program.name}: warming up`);
  try {
    const runner = await warmUp(program, options);
    if ('absent' in runner) return skipped(program, options, runner);
    if (!runner.slow) {
      runner.child.pause();
      return runner;
    }
    options.progress(`${program.name}: slow, timed alone`);
    await timeAlone(runner, options.rounds);
    return await finish(runner, options);
  } catch (error) {
    return skipped(program, options, { absent: messageOf(error) });
  }
}

/**
 * Times one case in all programs. Each is a process of its own; they warm up one after the other and then take their steps
 * in turn, the others being stopped meanwhile, so that whatever else the machine does falls on all alike. Where memory
 * does not hold all of them, they take turns in groups.
 *
 * @returns One outcome for each program, in their order.
 */
export async function measureCase(options: MeasureOptions): Promise<Outcome[]> {
  const { programs } = options;
  const outcomes: Outcome[] = [];
  let group: Runner[] = [];
  for (const program of programs) {
    const prepared = await prepare(program, options);
    if (!('child' in prepared)) {
      outcomes.push(prepared);
      continue;
    }
    group.push(prepared);
    if (!isMemoryShort()) continue;
    outcomes.push(...(await runGroup(group, options)));
    group = [];
  }
  if (group.length > 0) outcomes.push(...(await runGroup(group, options)));
  const order = programs.map(({ name }) => name);
  return outcomes.sort((a, b) => order.indexOf(a.program) - order.indexOf(b.program));
}
