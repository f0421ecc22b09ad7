import { differenceFrom, TOLERANCE } from './agreement';
import type { Bound, ProductTime } from './bound';
import { caseTitles } from './cases';
import type { CaseName } from './cases';
import { compare, isMeasured, meets, memoryOf } from './comparisons';
import type { Comparison } from './comparisons';
import type { Machine } from './machine';
import type { Measured, Outcome } from './measure';
import { median } from './median';
import { networks } from './networks';
import type { NetworkName } from './networks';
import { programs } from './programs';
import { formatNumber, formatTable } from './table';

/** Everything that a run measured; what `--json` writes. */
export interface Report {
  readonly schema: 1;
  readonly date: string;
  readonly machine: Machine;
  /** Load average of the last minute before and after the run. */
  readonly load: { readonly before: number; readonly after: number };
  readonly rounds: number;
  readonly results: readonly NetworkReport[];
}

/** What a run measured on one network. */
export interface NetworkReport {
  readonly network: NetworkName;
  readonly batch: number;
  readonly cases: readonly CaseReport[];
  readonly bounds: readonly Bound[];
  readonly products: readonly ProductTime[];
  readonly comparisons: readonly Comparison[];
}

/** One case on one network. */
interface CaseReport {
  readonly case: CaseName;
  /** The program whose losses the others have to agree with; null if none ran. */
  readonly reference: string | null;
  readonly programs: readonly ProgramReport[];
}

/** One program in one case: its times, or why there are none. */
type ProgramReport =
  | {
      readonly program: string;
      readonly medianMs: number;
      readonly ms: readonly number[];
      readonly firstMs: number;
      readonly memoryMiB: number | null;
      readonly values: readonly number[];
      /** Largest relative difference of a loss from the reference's. */
      readonly difference: number;
      readonly agrees: boolean;
      readonly versions: Readonly<Record<string, string>>;
    }
  | { readonly program: string; readonly absent: string; readonly fix?: string };

function programReport(outcome: Outcome, reference: Measured | undefined): ProgramReport {
  const { program } = outcome;
  if (!isMeasured(outcome)) {
    return { program, absent: outcome.absent, ...(outcome.fix !== undefined && { fix: outcome.fix }) };
  }
  const { ms, firstMs, values, versions } = outcome;
  const difference = reference === undefined ? NaN : differenceFrom(reference, outcome);
  return {
    ...{ program, medianMs: median(ms), ms, firstMs, memoryMiB: memoryOf(outcome), values },
    ...{ difference, agrees: difference <= TOLERANCE, versions },
  };
}

/** The results of one network: medians, agreement with the first of our programs that ran, comparisons. */
export function networkReport(
  network: NetworkName,
  outcomes: readonly Outcome[],
  bounds: readonly Bound[],
  products: readonly ProductTime[],
): NetworkReport {
  const names = [...new Set(outcomes.map((outcome) => outcome.case))];
  const cases = names.map((name): CaseReport => {
    const inCase = outcomes.filter((outcome) => outcome.case === name);
    const reference = inCase.find(isMeasured);
    return {
      case: name,
      reference: reference?.program ?? null,
      programs: inCase.map((outcome) => programReport(outcome, reference)),
    };
  });
  const comparisons = compare({ network, outcomes, bounds });
  return { network, batch: networks[network].batch, cases, bounds, products, comparisons };
}

const titleOf = (name: string) => programs.find((program) => program.name === name)?.title ?? name;

function find({ cases }: NetworkReport, name: CaseName, program: string): ProgramReport | undefined {
  return cases.find((entry) => entry.case === name)?.programs.find((entry) => entry.program === program);
}

function timeCell(entry: ProgramReport | undefined): string {
  if (entry === undefined) return '';
  return 'absent' in entry ? 'absent' : formatNumber(entry.medianMs);
}

/** `yes`, or by how much the losses differ where they differ most. */
function agreementCell(entries: readonly (ProgramReport | undefined)[]): string {
  const differences = entries.flatMap((entry) =>
    entry === undefined || 'absent' in entry ? [] : [entry.difference],
  );
  if (differences.length === 0) return '';
  if (differences.every((difference) => difference <= TOLERANCE)) return 'yes';
  return `NO, ${(100 * Math.max(...differences.map((d) => (Number.isNaN(d) ? Infinity : d)))).toPrecision(2)} %`;
}

function memoryCell(entry: ProgramReport | undefined): string {
  if (entry === undefined || 'absent' in entry || entry.memoryMiB === null) return '';
  return Math.round(entry.memoryMiB).toString();
}

function timesTable(report: NetworkReport): string {
  const names = report.cases.map((entry) => entry.case);
  const ran = [...new Set(report.cases.flatMap((entry) => entry.programs.map(({ program }) => program)))];
  const memory = names.filter((name) => name === 'flow-matching' || name === 'meanflow');
  const header = [
    'median ms of a step',
    ...names.map((name) => caseTitles[name]),
    ...memory.map((name) => `MiB, ${caseTitles[name]}`),
    'losses agree',
  ];
  const rows = ran.map((program) => {
    const entries = names.map((name) => find(report, name, program));
    return [
      titleOf(program),
      ...entries.map(timeCell),
      ...memory.map((name) => memoryCell(find(report, name, program))),
      agreementCell(entries),
    ];
  });
  return formatTable(header, rows);
}

function absenceLines({ cases }: NetworkReport): string[] {
  const lines = cases.flatMap((entry) =>
    entry.programs.flatMap((program) => {
      if (!('absent' in program)) return [];
      const fix = program.fix === undefined ? '' : ` Bring it with: ${program.fix}`;
      return [`- ${titleOf(program.program)}: ${program.absent}.${fix}`];
    }),
  );
  return [...new Set(lines)];
}

function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ what, of, value, target }) => [
    what,
    of,
    value.toFixed(2),
    target ?? '',
    target === null ? '' : meets(value, target) ? 'yes' : 'no',
  ]);
  return formatTable(['comparison', 'of', 'value', 'target', 'met'], rows);
}

function boundTable(bounds: readonly Bound[]): string {
  const names = [...new Set(bounds.flatMap(({ msOf }) => Object.keys(msOf)))];
  const rows = bounds.map(({ case: name, gflop, ms, gflops, msOf }) => [
    caseTitles[name],
    ...[gflop, gflops, ms, ...names.map((program) => msOf[program] ?? NaN)].map(formatNumber),
  ]);
  const header = [
    'matrix products alone',
    'GFLOP',
    'best GFLOP/s',
    'best ms',
    ...names.map((name) => `ms, ${name}`),
  ];
  return formatTable(header, rows);
}

function productTable(products: readonly ProductTime[]): string {
  const names = [...new Set(products.flatMap(({ ms }) => Object.keys(ms)))];
  const rows = products.map(({ shape, ms, gflops, best }) => {
    const least = ms[best] ?? NaN;
    return [shape, ...names.map((name) => formatNumber((gflops * least) / (ms[name] ?? NaN)))];
  });
  return formatTable(["GFLOP/s of a product (' is transposed)", ...names], rows);
}

/** Versions of everything that ran, one line a program. */
function versionLines(results: readonly NetworkReport[]): string[] {
  const lines = results.flatMap(({ cases }) =>
    cases.flatMap((entry) =>
      entry.programs.flatMap((program) => {
        if ('absent' in program) return [];
        const versions = Object.entries(program.versions).map(([name, version]) => `${name} ${version}`);
        return [`- ${titleOf(program.program)}: ${versions.join(', ')}`];
      }),
    ),
  );
  return [...new Set(lines)];
}

/** The report as text: tables in Markdown. */
export function formatReport({ machine, load, rounds, date, results }: Report): string {
  const { cpu, cpus, memoryGiB, system, node, commit } = machine;
  const sections = results.map((result) => {
    const parts = [
      `## ${result.network}: ${networks[result.network].title}`,
      result.cases.length > 0 ? timesTable(result) : '',
      absenceLines(result).join('\n'),
      result.bounds.length > 0 ? boundTable(result.bounds) : '',
      result.products.length > 0 ? productTable(result.products) : '',
      result.comparisons.length > 0 ? comparisonTable(result.comparisons) : '',
    ];
    return parts.filter((part) => part !== '').join('\n\n');
  });
  const about = [
    `${date}, ${cpu}, ${cpus} CPUs, ${memoryGiB} GiB, ${system}, Node.js ${node}, commit ${commit ?? 'unknown'}.`,
    `Load ${load.before.toFixed(2)} before and ${load.after.toFixed(2)} after; ${rounds} rounds, programs in turn.`,
    'MiB: most memory in a step over that before weights and inputs.',
  ].join(' ');
  return [about, ...sections, versionLines(results).join('\n')].join('\n\n');
}
