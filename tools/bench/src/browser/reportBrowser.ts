import { TOLERANCE } from '../agreement';
import { caseTitles } from '../cases';
import type { CaseName } from '../cases';
import { median } from '../median';
import { networks } from '../networks';
import { formatNumber, formatTable } from '../table';
import { contestTitle, targetOf } from './programs';
import type { Contest } from './programs';
import type { BrowserAbsent, BrowserMeasured, BrowserReport, BrowserResult } from './runBrowser';

type Outcome = BrowserMeasured | BrowserAbsent;

const isMeasured = (outcome: Outcome | undefined): outcome is BrowserMeasured =>
  outcome !== undefined && 'ms' in outcome;
const agrees = ({ difference }: BrowserMeasured) => difference <= TOLERANCE;

/** The fastest of some programs whose values are right; undefined if there is none. */
function fastest(outcomes: readonly Outcome[]): BrowserMeasured | undefined {
  return outcomes
    .filter(isMeasured)
    .filter(agrees)
    .reduce<BrowserMeasured | undefined>(
      (best, one) => (best === undefined || median(one.ms) < median(best.ms) ? one : best),
      undefined,
    );
}

/** How many times as fast ours is as the best of the others, and as which. */
export function speedup({
  outcomes,
}: Pick<BrowserResult, 'outcomes'>): { readonly ratio: number; readonly of: string } | null {
  const ours = fastest(outcomes.filter(({ program }) => program.family === 'ours'));
  const theirs = fastest(outcomes.filter(({ program }) => program.family !== 'ours'));
  if (ours === undefined || theirs === undefined) return null;
  return { ratio: median(theirs.ms) / median(ours.ms), of: theirs.program.title };
}

const key = ({ engine, threads, network }: Contest) => `${engine} ${threads} ${network}`;

function contestTable(results: readonly BrowserResult[]): string {
  const cases = results.map((result) => result.case);
  const titles = new Map(
    results.flatMap(({ outcomes }) => outcomes.map(({ program }) => [program.name, program.title] as const)),
  );
  const rows = [...titles].map(([name, title]) => {
    const outcomes = results.map((result) => result.outcomes.find(({ program }) => program.name === name));
    const measured = outcomes.filter(isMeasured);
    const worst = Math.max(...measured.map(({ difference }) => difference));
    return [
      title,
      ...outcomes.map((outcome) => (isMeasured(outcome) ? formatNumber(median(outcome.ms)) : '')),
      measured.length === 0 ? '' : worst <= TOLERANCE ? 'yes' : 'NO',
    ];
  });
  const units = cases.map((name) => `${caseTitles[name]} [ms]`);
  return formatTable(['', ...units, 'same values'], rows);
}

function sentence(name: CaseName, contest: Contest, result: BrowserResult): string {
  const found = speedup(result);
  if (found === null) return `- ${caseTitles[name]}: nothing to compare.`;
  const target = targetOf(contest.engine, name);
  const verdict = target === null ? '' : ` (target ${target}x: ${found.ratio >= target ? 'met' : 'not met'})`;
  return `- ${caseTitles[name]}: ours is ${found.ratio.toFixed(2)}x as fast as ${found.of}${verdict}.`;
}

function contestReport(results: readonly BrowserResult[]): string {
  const [first] = results;
  if (first === undefined) return '';
  const { contest } = first;
  const absences = results.flatMap(({ outcomes, case: name }) =>
    outcomes.flatMap((outcome) =>
      isMeasured(outcome) ? [] : [`- ${caseTitles[name]}, ${outcome.program.title}: ${outcome.absent}.`],
    ),
  );
  return [
    `### ${contestTitle(contest)}: ${networks[contest.network].title}`,
    contestTable(results),
    [...results.map((result) => sentence(result.case, contest, result)), ...absences].join('\n'),
  ].join('\n\n');
}

/** The report as Markdown. */
export function formatBrowser(report: BrowserReport, command: string): string {
  const { cpu, cpus, memoryGiB, commit, system } = report.machine;
  const { results, load, packages } = report;
  const contests = [...new Set(results.map(({ contest }) => key(contest)))];
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${report.date}, ${cpu}, ${cpus} CPUs, ${memoryGiB} GiB, ${system}, ${report.browser}, WebGPU adapter: ${report.adapter}; ${versions.join(', ')}; commit ${commit ?? 'unknown'}. Load ${load.before.toFixed(2)} before and ${load.after.toFixed(2)} after. Medians of ${report.rounds} rounds, programs in turn, by \`${command}\`.`,
    ...contests.map((name) => contestReport(results.filter(({ contest }) => key(contest) === name))),
  ].join('\n\n');
}
