import { startChild } from '../child';
import type { Absent, Child, Launch } from '../child';
import { describeMachine, loadNow } from '../machine';
import type { Machine } from '../machine';
import { median } from '../median';
import { launchScript } from '../programs';
import type { ReadAnswer, ReadRequest } from './protocol';

/** What to measure. */
export interface ReadingOptions {
  readonly shards: readonly string[];
  /** Processes, or threads, that decode beside the one that takes the batches. */
  readonly workers: number;
  readonly rounds: number;
  /** This program's own script. */
  readonly cli: string;
  readonly progress: (text: string) => void;
}

/** One program: images a second in each round. */
interface Measured {
  readonly title: string;
  /** Whose it is, and with how many workers: what is compared has the same number. */
  readonly family: 'ours' | 'peer';
  readonly workers: number;
  readonly imagesPerSecond: readonly number[];
  /** Mean of the first images, which all must agree about. */
  readonly check: number;
  readonly versions: Readonly<Record<string, string>>;
}

export type ReadingOutcome = Measured | ({ readonly title: string } & Absent);

/** What a run measured; what `--json` writes. */
export interface ReadingReport {
  readonly schema: 1;
  readonly date: string;
  readonly machine: Machine;
  readonly load: { readonly before: number; readonly after: number };
  readonly rounds: number;
  readonly outcomes: readonly ReadingOutcome[];
}

const BATCH = 256;
const CHECKED = 512;
const WARM_UP = 64; // batches: more than a shuffle buffer, and whatever is compiled while it runs
const ROUND_MS = 2000;

interface Runner {
  readonly title: string;
  readonly family: 'ours' | 'peer';
  readonly workers: number;
  readonly child: Child;
  readonly check: number;
  /** Batches in a round. */
  readonly batches: number;
  readonly imagesPerSecond: number[];
}

const ask = (child: Child, request: ReadRequest) => child.ask(request as never) as Promise<unknown>;
const askTimed = (child: Child, request: ReadRequest) => ask(child, request) as Promise<ReadAnswer>;

async function warmUp(
  { title, family, workers }: Pick<Runner, 'title' | 'family' | 'workers'>,
  launch: Launch | Absent,
  shards: readonly string[],
): Promise<Runner | Absent> {
  const child = 'absent' in launch ? launch : await startChild(launch);
  if ('absent' in child) return child;
  try {
    await ask(child, { do: 'open', shards, workers, batch: BATCH });
    const { value: check } = await askTimed(child, { do: 'check', images: CHECKED });
    await askTimed(child, { do: 'read', batches: WARM_UP });
    const { ms } = await askTimed(child, { do: 'read', batches: WARM_UP });
    const batches = Math.max(8, Math.round((WARM_UP * ROUND_MS) / ms));
    return { title, family, workers, child, check, batches, imagesPerSecond: [] };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** Ours and theirs, without workers and with so many. */
function contenders(workers: number): Pick<Runner, 'title' | 'family' | 'workers'>[] {
  return [0, workers].flatMap((n) => [
    { title: `ours, ${n === 0 ? 'one thread' : `${n} worker threads`}`, family: 'ours' as const, workers: n },
    {
      title: `webdataset + Pillow, ${n === 0 ? 'one process' : `${n} worker processes`}`,
      family: 'peer' as const,
      workers: n,
    },
  ]);
}

/** Measures how fast batches are read, programs in turn: a program reads only when it is its turn, but for what it fills ahead. */
export async function runReading(options: ReadingOptions): Promise<ReadingReport> {
  const { shards, workers, rounds, cli, progress } = options;
  const before = loadNow();
  const outcomes: (Runner | ({ title: string } & Absent))[] = [];
  const runners = () => outcomes.filter((outcome) => 'child' in outcome);
  try {
    for (const contender of contenders(workers)) {
      progress(`${contender.title}: warming up`);
      const ours = { command: process.execPath, args: [cli, 'serve-reading'] };
      const launch = contender.family === 'ours' ? ours : launchScript(['webdataset_read.py']);
      const runner = await warmUp(contender, launch, shards);
      outcomes.push('child' in runner ? runner : { title: contender.title, ...runner });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { title, child, batches, imagesPerSecond } of runners()) {
        const { ms } = await askTimed(child, { do: 'read', batches });
        imagesPerSecond.push((1000 * BATCH * batches) / ms);
        progress(`round ${round + 1}, ${title}: ${Math.round(imagesPerSecond.at(-1) ?? NaN)} images/s`);
      }
    }
  } finally {
    for (const { child } of runners()) await child.stop();
  }
  return {
    ...{ schema: 1, date: new Date().toISOString(), machine: describeMachine(), rounds },
    load: { before, after: loadNow() },
    outcomes: outcomes.map((outcome) => {
      if (!('child' in outcome)) return outcome;
      const { title, family, workers: n, imagesPerSecond, check, child } = outcome;
      return { title, family, workers: n, imagesPerSecond, check, versions: child.versions };
    }),
  };
}

/** How many times as fast ours is, of the rounds' ratios: both were measured one after the other. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((rate, i) => rate / (theirs[i] ?? NaN)));
}
