import type { CaseName } from '../cases';
import type { browserNetworkNames } from '../networks';
import type { Engine, PageProgramName } from './protocol';

type BrowserNetworkName = (typeof browserNetworkNames)[number];

/** Whom a program stands for: the best of a family is compared. */
type BrowserFamily = 'ours' | 'tfjs' | 'jax-js' | 'onnxruntime';

/** A program that runs in a page. */
export interface BrowserProgram {
  readonly name: PageProgramName;
  readonly title: string;
  readonly family: BrowserFamily;
  readonly cases: readonly CaseName[];
}

/** Cases that are timed in a browser. */
export const browserCases = ['sampling', 'meanflow'] as const;

/** All programs, ours first. Each runs on WebGPU and on WebAssembly. */
export const browserPrograms: readonly BrowserProgram[] = [
  { name: 'ours', title: 'ours', family: 'ours', cases: browserCases },
  { name: 'tfjs', title: 'plain tfjs', family: 'tfjs', cases: browserCases },
  { name: 'jax-js', title: 'jax-js, du/dt where r < t', family: 'jax-js', cases: browserCases },
  { name: 'onnxruntime', title: 'onnxruntime-web', family: 'onnxruntime', cases: ['sampling'] },
  {
    name: 'onnxruntime-fused',
    title: 'onnxruntime-web, its own attention and GELU',
    family: 'onnxruntime',
    cases: ['sampling'],
  },
];

/** What is compared: like with like, so one engine with as many threads. */
export interface Contest {
  readonly engine: Engine;
  /** Of WebAssembly. */
  readonly threads: number;
  readonly network: BrowserNetworkName;
}

/** What a run is to compare. */
export interface ContestChoice {
  readonly engines: readonly Engine[];
  /** Default: what the engine computes in seconds, so the small one on a CPU that plays a GPU. */
  readonly networks: readonly BrowserNetworkName[] | null;
  readonly cpus: number;
  /** Whether WebGPU computes on a GPU. */
  readonly gpu: boolean;
}

/** Each engine with its networks: WebGPU, and WebAssembly with one thread and with as many as there are CPUs. */
export function contestsOf({ engines, networks, cpus, gpu }: ContestChoice): Contest[] {
  return engines.flatMap((engine) => {
    const chosen = networks ?? [engine === 'webgpu' && !gpu ? 'digits' : 'small'];
    const counts = engine === 'webgpu' ? [1] : [...new Set([1, cpus])];
    return chosen.flatMap((network) => counts.map((threads): Contest => ({ engine, threads, network })));
  });
}

/** How a table names it. */
export function contestTitle({ engine, threads }: Pick<Contest, 'engine' | 'threads'>): string {
  if (engine === 'webgpu') return 'WebGPU';
  return threads === 1 ? 'WebAssembly, one thread' : `WebAssembly, ${threads} threads`;
}

/** How many times as fast as the best of the others ours should be; null: no target. */
export function targetOf(engine: Engine, name: CaseName): number | null {
  if (name === 'sampling') return engine === 'webgpu' ? 1.5 : 1;
  return engine === 'webgpu' && name === 'meanflow' ? 2 : null;
}
