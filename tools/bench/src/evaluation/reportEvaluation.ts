import { median } from '../median';
import { formatNumber, formatTable } from '../table';
import type { EvaluationTask } from './evaluationTask';
import type { EvaluationOutcome, EvaluationReport, EvaluationTimes } from './runEvaluation';
import { evaluationTasks } from './tasks';

/** Whether two programs computed the same: the largest difference, relative to the largest value. */
export function agree(ours: readonly number[], theirs: readonly number[], tolerance: number): boolean {
  const scale = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    ours.length === theirs.length &&
    ours.every((value, i) => Math.abs(value - (theirs[i] ?? NaN)) <= tolerance * scale)
  );
}

/** How many times as fast ours is: the median of the rounds, whose runs were one after the other. */
export function speedUp(ours: EvaluationTimes, peer: EvaluationTimes): number {
  return median(ours.ms.map((ms, i) => (peer.ms[i] ?? NaN) / ms));
}

function rowOf({ task: name, ours, peer }: EvaluationOutcome): string[] {
  const task: EvaluationTask = evaluationTasks[name];
  const { title, images, tolerance } = task;
  const cell = (times: EvaluationOutcome['ours']) => {
    if ('absent' in times) return 'absent';
    const seconds = median(times.ms) / 1000;
    return images === undefined ? `${formatNumber(seconds)} s` : `${formatNumber(images / seconds)} images/s`;
  };
  const start = [title, cell(ours), `${task.peer} ${cell(peer)}`];
  if ('absent' in ours || 'absent' in peer) return [...start, '', ''];
  const same = agree(ours.values, peer.values, tolerance) ? 'yes' : 'NO';
  return [...start, `${speedUp(ours, peer).toFixed(2)}x`, same];
}

/** The report as text. */
export function formatEvaluation({ outcomes, machine, load, rounds, date }: EvaluationReport): string {
  const { cpu, cpus, memoryGiB, node, commit } = machine;
  const notes = new Set(
    outcomes.flatMap(({ ours, peer }) =>
      [ours, peer].map((times) =>
        'absent' in times
          ? `- ${times.absent}. ${times.fix ?? ''}`.trim()
          : `- ${Object.entries(times.versions)
              .map(([name, version]) => `${name} ${version}`)
              .join(', ')}`,
      ),
    ),
  );
  return [
    `${date}, ${cpu}, ${cpus} CPUs, ${memoryGiB} GiB, Node.js ${node}, commit ${commit ?? 'unknown'}. Load ${load.before.toFixed(2)} before and ${load.after.toFixed(2)} after; ${rounds} rounds, programs in turn, medians.`,
    formatTable(['evaluation', 'ours', 'peer', 'as fast as the peer', 'same values'], outcomes.map(rowOf)),
    [...notes].join('\n'),
  ].join('\n\n');
}
