import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boundOf, distinctProducts, timeProducts } from './bound';
import type { Bound, ProductTime } from './bound';
import type { CaseName } from './cases';
import { drawInputs, encodeInputs } from './inputs';
import { describeMachine, loadNow } from './machine';
import { measureCase } from './measure';
import type { Outcome } from './measure';
import { networks } from './networks';
import type { NetworkName } from './networks';
import type { Program } from './programs';
import { networkReport } from './report';
import type { Report } from './report';

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

/** What is known of one network so far. */
interface Progress {
  readonly network: NetworkName;
  outcomes: readonly Outcome[];
  bounds: readonly Bound[];
  products: readonly ProductTime[];
}

async function runNetwork(
  progress: Progress,
  options: RunOptions,
  folder: string,
  onNews: () => void,
): Promise<void> {
  const { cases, programs, cli } = options;
  const network = networks[progress.network];
  const inputs = drawInputs(network);
  const file = join(folder, `${network.name}.safetensors`);
  writeFileSync(file, encodeInputs(inputs));
  for (const one of options.steps ? cases : []) {
    const outcomes = await measureCase({
      network: network.name,
      case: one,
      file,
      programs: programs.filter(doesSteps),
      rounds: options.rounds,
      cli,
      progress: (text) => {
        options.progress(`${network.name}, ${one}: ${text}`);
      },
    });
    progress.outcomes = [...progress.outcomes, ...outcomes];
    onNews();
  }
  if (!options.bound) return;

  const { instantRows } = inputs.config;
  const products = distinctProducts(network, cases, instantRows);
  options.progress(`${network.name}: ${products.length} matrix products`);
  const times = await timeProducts(products, programs.filter(doesProducts), cli);
  progress.products = times;
  progress.bounds = cases.map((one) => boundOf(network, one, instantRows, times));
  onNews();
}

/**
 * Measures everything that is asked for.
 *
 * @param onNews Gets what is known so far whenever a case is done; the last call has all of it.
 */
export async function runBench(options: RunOptions, onNews: (report: Report) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meanflow-bench-'));
  const before = loadNow();
  const machine = describeMachine();
  const all: Progress[] = [];
  const tell = () => {
    onNews({
      schema: 1,
      date: new Date().toISOString(),
      machine,
      load: { before, after: loadNow() },
      rounds: options.rounds,
      results: all.map(({ network, outcomes, bounds, products }) =>
        networkReport(network, outcomes, bounds, products),
      ),
    });
  };
  try {
    for (const network of options.networks) {
      const progress: Progress = { network, outcomes: [], bounds: [], products: [] };
      all.push(progress);
      await runNetwork(progress, options, folder, tell);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
