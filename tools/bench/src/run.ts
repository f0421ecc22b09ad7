import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundOf, distinctProducts, timeProducts } from './bound';
import type { CaseName } from './cases';
import { drawInputs, encodeInputs } from './inputs';
import { describeMachine, loadNow } from './machine';
import { measureCase } from './measure';
import type { Outcome } from './measure';
import { networks } from './networks';
import type { NetworkName } from './networks';
import type { Program } from './programs';
import { networkReport } from './report';
import type { NetworkReport, Report } from './report';

/** What to measure. */
export interface RunOptions {
  readonly networks: readonly NetworkName[];
  readonly cases: readonly CaseName[];
  readonly programs: readonly Program[];
  readonly rounds: number;
  /** Whether steps are timed. */
  readonly steps: boolean;
  /** Whether matrix products are timed. */
  readonly bound: boolean;
  /** This program's own script. */
  readonly cli: string;
  readonly progress: (text: string) => void;
}

const doesSteps = ({ does = 'steps' }: Program) => does !== 'products';
const doesProducts = ({ does = 'steps' }: Program) => does !== 'steps';

/** The steps of all cases on one network. */
async function runSteps(name: NetworkName, file: string, options: RunOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of options.cases) {
    const progress = (text: string) => {
      options.progress(`${name}, ${one}: ${text}`);
    };
    const { rounds, cli } = options;
    const programs = options.programs.filter(doesSteps);
    outcomes.push(
      ...(await measureCase({ network: name, case: one, file, programs, rounds, cli, progress })),
    );
  }
  return outcomes;
}

async function runNetwork(name: NetworkName, options: RunOptions, folder: string): Promise<NetworkReport> {
  const network = networks[name];
  const inputs = drawInputs(network);
  const file = join(folder, `${name}.safetensors`);
  writeFileSync(file, encodeInputs(inputs));
  const outcomes = options.steps ? await runSteps(name, file, options) : [];
  if (!options.bound) return networkReport(name, outcomes, [], []);

  const { instantRows } = inputs.config;
  const products = distinctProducts(network, options.cases, instantRows);
  options.progress(`${name}: ${products.length} matrix products`);
  const times = await timeProducts(products, options.programs.filter(doesProducts), options.cli);
  const bounds = options.cases.map((one) => boundOf(network, one, instantRows, times));
  return networkReport(name, outcomes, bounds, times);
}

/** Measures everything that is asked for. */
export async function runBench(options: RunOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-bench-'));
  const before = loadNow();
  try {
    const results: NetworkReport[] = [];
    for (const name of options.networks) results.push(await runNetwork(name, options, folder));
    return {
      schema: 1,
      date: new Date().toISOString(),
      machine: describeMachine(),
      load: { before, after: loadNow() },
      rounds: options.rounds,
      results,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
