import { median } from './median';
import type { Measured, Outcome } from './measure';
import type { Bound } from './bound';
import { caseTitles } from './cases';
import type { CaseName } from './cases';
import type { NetworkName } from './networks';
import { programs } from './programs';
import type { Family } from './programs';

/** One line of the comparison: how much faster, or larger, one thing is than another. */
export interface Comparison {
  readonly network: NetworkName;
  readonly what: string;
  /** E.g. `jax-huge / ours-compiled`. */
  readonly of: string;
  readonly value: number;
  /** What is aimed at, e.g. `>= 2`; null where nothing is. */
  readonly target: string | null;
}

/** What a run measured on one network. */
export interface NetworkResults {
  readonly network: NetworkName;
  readonly outcomes: readonly Outcome[];
  readonly bounds: readonly Bound[];
}

/** Whether a program ran. */
export function isMeasured(outcome: Outcome): outcome is Measured {
  return 'ms' in outcome;
}

/** The fastest program of some families in a case. */
function fastest({ outcomes }: NetworkResults, name: CaseName, families: readonly Family[]) {
  const members = programs.filter(({ family }) => family !== null && families.includes(family));
  const times = outcomes
    .filter(isMeasured)
    .filter((outcome) => outcome.case === name && members.some((member) => member.name === outcome.program))
    .map((outcome) => ({ name: outcome.program, ms: median(outcome.ms) }));
  return times.reduce<{ name: string; ms: number } | null>(
    (a, b) => (a === null || b.ms < a.ms ? b : a),
    null,
  );
}

/** Peak memory over what the program takes before its inputs, in MiB. */
export function memoryOf({ peakMiB, baselineMiB }: Measured): number | null {
  return peakMiB === null || baselineMiB === null ? null : peakMiB - baselineMiB;
}

/** A rival and by how much to beat it. */
interface Rival {
  readonly what: string;
  readonly case: CaseName;
  readonly ours: Family;
  readonly theirs: readonly Family[];
  readonly target: string | null;
}

const rivals: readonly Rival[] = [
  {
    what: 'MeanFlow step against jitted JAX',
    case: 'meanflow',
    ours: 'ours',
    theirs: ['jax'],
    target: '>= 2',
  },
  {
    what: 'MeanFlow step against PyTorch and TensorFlow in Python',
    case: 'meanflow',
    ours: 'ours',
    theirs: ['pytorch', 'tensorflow'],
    target: '>= 1.5',
  },
  {
    what: 'guided MeanFlow step against jitted JAX',
    case: 'meanflow-guided',
    ours: 'ours',
    theirs: ['jax'],
    target: null,
  },
  {
    what: 'guided MeanFlow step against PyTorch and TensorFlow in Python',
    case: 'meanflow-guided',
    ours: 'ours',
    theirs: ['pytorch', 'tensorflow'],
    target: null,
  },
  {
    what: 'MeanFlow step on wasm against plain tfjs on wasm',
    case: 'meanflow',
    ours: 'ours-wasm',
    theirs: ['tfjs-wasm'],
    target: '>= 10',
  },
  {
    what: 'MeanFlow step on wasm against jax-js',
    case: 'meanflow',
    ours: 'ours-wasm',
    theirs: ['jax-js'],
    target: null,
  },
  {
    what: '1-NFE sampling against jitted JAX',
    case: 'sampling',
    ours: 'ours',
    theirs: ['jax'],
    target: '>= 1.3',
  },
  ...(['meanflow', 'sampling'] as const).flatMap((name) => {
    const what = name === 'meanflow' ? 'MeanFlow step on WebGPU' : '1-NFE sampling on WebGPU';
    const of = { case: name, ours: 'ours-webgpu', target: null } as const;
    return [
      { ...of, what: `${what} against plain tfjs`, theirs: ['tfjs-webgpu'] as const },
      { ...of, what: `${what} against jitted JAX on CUDA`, theirs: ['jax-cuda'] as const },
      { ...of, what: `${what} against PyTorch on CUDA`, theirs: ['pytorch-cuda'] as const },
    ];
  }),
];

/** Programs of ours that a bound and the cost over flow matching are stated for. */
const mainFamilies: readonly Family[] = ['ours', 'ours-webgpu'];

function speedUps(results: NetworkResults): Comparison[] {
  return rivals.flatMap(({ what, case: name, ours, theirs, target }) => {
    const we = fastest(results, name, [ours]);
    const they = fastest(results, name, theirs);
    if (we === null || they === null) return [];
    return {
      network: results.network,
      what,
      of: `${they.name} / ${we.name}`,
      value: they.ms / we.ms,
      target,
    };
  });
}

/** Share of the matrix-product bound that our fastest program reaches in each case. */
function boundShares(results: NetworkResults): Comparison[] {
  return results.bounds.flatMap(({ case: name, ms: bound }) => {
    const we = fastest(results, name, mainFamilies);
    if (we === null || !Number.isFinite(bound)) return [];
    const target = name === 'meanflow' ? '>= 0.85' : null;
    const what = `share of the bound, ${caseTitles[name]}`;
    return { network: results.network, what, of: we.name, value: bound / we.ms, target };
  });
}

/** What MeanFlow costs over flow matching in the same program, our fastest one: in time and in memory. */
function overFlowMatching(results: NetworkResults): Comparison[] {
  const { network, outcomes } = results;
  const ratio = (
    name: CaseName,
    what: string,
    sizeOf: (measured: Measured) => number | null,
    target: string | null,
  ): Comparison[] => {
    const we = fastest(results, name, mainFamilies);
    const ofUs = (one: CaseName) =>
      outcomes.filter(isMeasured).find((outcome) => outcome.case === one && outcome.program === we?.name);
    const [larger, smaller] = [ofUs(name), ofUs('flow-matching')].map((found) => found && sizeOf(found));
    if (we === null || larger == null || smaller == null) return [];
    return [{ network, what, of: we.name, value: larger / smaller, target }];
  };
  const time = ({ ms }: Measured) => median(ms);
  return [
    ...ratio('meanflow', 'MeanFlow step / flow-matching step', time, '<= 1.08'),
    ...ratio('meanflow-guided', 'guided MeanFlow step / flow-matching step', time, null),
    ...ratio('meanflow', 'peak memory, MeanFlow / flow matching', memoryOf, '<= 1.15'),
  ];
}

/** The comparisons that a run allows; those whose programs are absent are left out. */
export function compare(results: NetworkResults): Comparison[] {
  return [...speedUps(results), ...boundShares(results), ...overFlowMatching(results)];
}

/** Whether a value meets a target such as `>= 2`. */
export function meets(value: number, target: string): boolean {
  const limit = Number(target.slice(2));
  return target.startsWith('>=') ? value >= limit : value <= limit;
}
