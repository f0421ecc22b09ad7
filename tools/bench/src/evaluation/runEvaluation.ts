import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../child';
import type { Absent, Child } from '../child';
import { describeMachine, loadNow } from '../machine';
import type { Machine } from '../machine';
import { launchScript } from '../programs';
import type { EvaluationTask, Values } from './evaluationTask';
import type { EvaluationRequest, RunAnswer } from './protocol';
import { evaluationTasks } from './tasks';
import type { EvaluationTaskName } from './tasks';

/** What to measure. */
export interface EvaluationBenchOptions {
  readonly tasks: readonly EvaluationTaskName[];
  readonly rounds: number;
  /** This program's own script. */
  readonly cli: string;
  readonly progress: (text: string) => void;
}

/** One program: times of its runs, in ms, and what it computed. */
export interface EvaluationTimes {
  readonly ms: readonly number[];
  readonly values: Values;
  readonly versions: Readonly<Record<string, string>>;
}

/** One task in both programs. */
export interface EvaluationOutcome {
  readonly task: EvaluationTaskName;
  readonly ours: EvaluationTimes | Absent;
  readonly peer: EvaluationTimes | Absent;
}

/** What a run measured; what `--json` writes. */
export interface EvaluationReport {
  readonly schema: 1;
  readonly date: string;
  readonly machine: Machine;
  readonly load: { readonly before: number; readonly after: number };
  readonly rounds: number;
  readonly outcomes: readonly EvaluationOutcome[];
}

const ask = (child: Child, request: EvaluationRequest) => child.ask(request as never) as Promise<unknown>;

interface Runner {
  readonly child: Child;
  readonly ms: number[];
  values: Values;
}

async function measure(
  name: EvaluationTaskName,
  task: EvaluationTask,
  { rounds, cli, progress }: EvaluationBenchOptions,
): Promise<EvaluationOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-bench-'));
  const children: Child[] = [];
  const start = async (launch: Parameters<typeof startChild>[0] | Absent): Promise<Runner | Absent> => {
    const child = 'absent' in launch ? launch : await startChild(launch);
    if ('absent' in child) return child;
    children.push(child);
    await ask(child, { do: 'open', task: name, folder });
    child.pause();
    return { child, ms: [], values: [] };
  };
  try {
    progress(`${task.title}: writing inputs`);
    task.writeInputs(folder);
    const ours = await start({ command: process.execPath, args: [cli, 'serve-evaluation'] });
    const peer = await start(launchScript(['evaluation.py']));
    for (let round = 0; round <= rounds; round++) {
      for (const [title, runner] of [
        ['ours', ours],
        [task.peer, peer],
      ] as const) {
        if ('absent' in runner) continue;
        runner.child.resume();
        const { ms, values } = (await ask(runner.child, { do: 'run' })) as RunAnswer;
        runner.child.pause();
        runner.values = values;
        if (round > 0) runner.ms.push(ms); // the first warms up
        progress(
          `${task.title}, ${round === 0 ? 'warming up' : `round ${round}`}, ${title}: ${Math.round(ms)} ms`,
        );
      }
    }
    const timesOf = (runner: Runner | Absent): EvaluationTimes | Absent =>
      'absent' in runner ? runner : { ms: runner.ms, values: runner.values, versions: runner.child.versions };
    return { task: name, ours: timesOf(ours), peer: timesOf(peer) };
  } finally {
    for (const child of children) await child.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Times tasks of an evaluation beside those whose metrics they are, in turn: one is stopped while the other computes. */
export async function runEvaluation(options: EvaluationBenchOptions): Promise<EvaluationReport> {
  const before = loadNow();
  const outcomes: EvaluationOutcome[] = [];
  for (const name of options.tasks) outcomes.push(await measure(name, evaluationTasks[name], options));
  return {
    ...{ schema: 1, date: new Date().toISOString(), machine: describeMachine(), rounds: options.rounds },
    load: { before, after: loadNow() },
    outcomes,
  };
}
