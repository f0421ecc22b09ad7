import { median } from '../median';
import { formatTable } from '../table';
import { ratioOf } from './runReading';
import type { ReadingOutcome, ReadingReport } from './runReading';

const TOLERANCE = 1e-5;

/** The peer with as many workers. */
function peerOf(outcomes: readonly ReadingOutcome[], workers: number): readonly number[] | null {
  const found = outcomes.find(
    (other) => !('absent' in other) && other.family === 'peer' && other.workers === workers,
  );
  return found === undefined || 'absent' in found ? null : found.imagesPerSecond;
}

function rowOf(outcome: ReadingOutcome, outcomes: readonly ReadingOutcome[]): string[] {
  if ('absent' in outcome) return [outcome.title, 'absent', '', ''];
  const { title, family, workers, imagesPerSecond, check } = outcome;
  const peer = family === 'ours' ? peerOf(outcomes, workers) : null;
  const reference = outcomes.find((other) => !('absent' in other));
  const agrees =
    reference !== undefined && !('absent' in reference) && Math.abs(check - reference.check) <= TOLERANCE;
  return [
    title,
    Math.round(median(imagesPerSecond)).toString(),
    peer === null ? '' : `${ratioOf(imagesPerSecond, peer).toFixed(2)}x`,
    agrees ? 'yes' : 'NO',
  ];
}

/** The report as text. */
export function formatReading({ outcomes, machine, load, rounds, date }: ReadingReport): string {
  const { cpu, cpus, memoryGiB, node, commit } = machine;
  const header = ['reading shards', 'images/s', 'of the peer with as many', 'same images'];
  const absences = outcomes.flatMap((outcome) =>
    'absent' in outcome ? [`- ${outcome.title}: ${outcome.absent}. ${outcome.fix ?? ''}`.trim()] : [],
  );
  const versions = outcomes.flatMap((outcome) =>
    'absent' in outcome
      ? []
      : [
          `- ${outcome.title}: ${Object.entries(outcome.versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(', ')}`,
        ],
  );
  return [
    `${date}, ${cpu}, ${cpus} CPUs, ${memoryGiB} GiB, Node.js ${node}, commit ${commit ?? 'unknown'}. Load ${load.before.toFixed(2)} before and ${load.after.toFixed(2)} after; ${rounds} rounds, programs in turn, medians.`,
    formatTable(
      header,
      outcomes.map((outcome) => rowOf(outcome, outcomes)),
    ),
    [...absences, ...versions].join('\n'),
  ].join('\n\n');
}
