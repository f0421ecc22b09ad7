import { startChild } from './child';
import type { Child } from './child';
import type { CaseName } from './cases';
import type { BenchNetwork } from './networks';
import { flopsOf, shapeKey, stepProducts, totalFlops } from './products';
import type { Product } from './products';
import { launchOf } from './programs';
import type { Program } from './programs';

/** The fastest that any program multiplies one shape. */
export interface ProductTime extends Product {
  /** See `shapeKey`. */
  readonly shape: string;
  /** Best time of each program, in ms. */
  readonly ms: Readonly<Record<string, number>>;
  readonly best: string;
  readonly gflops: number;
}

/** What the matrix products of a case take at least. */
export interface Bound {
  readonly case: CaseName;
  readonly gflop: number;
  readonly ms: number;
  /** Rate over all products, in GFLOP/s. */
  readonly gflops: number;
  /** The same products in each program alone, in ms. */
  readonly msOf: Readonly<Record<string, number>>;
}

const ROUNDS = 3;

/** Distinct shapes of the products of all cases. */
export function distinctProducts(
  network: BenchNetwork,
  cases: readonly CaseName[],
  instantRows: number,
): Product[] {
  const all = cases.flatMap((name) => stepProducts(network, name, instantRows));
  return [...new Map(all.map((product) => [shapeKey(product), product])).values()];
}

/**
 * Times each shape in every program that multiplies, in turn.
 *
 * @returns The best time of each program and shape, without programs that are absent.
 */
export async function timeProducts(
  products: readonly Product[],
  programs: readonly Program[],
  cli: string,
): Promise<ProductTime[]> {
  const children: { name: string; child: Child }[] = [];
  for (const program of programs) {
    const launch = launchOf(program, cli);
    const child = 'absent' in launch ? launch : await startChild(launch);
    if ('absent' in child) continue;
    child.pause();
    children.push({ name: program.name, child });
  }
  try {
    const times: ProductTime[] = [];
    for (const product of products) times.push(await timeProduct(product, children));
    return times;
  } finally {
    for (const { child } of children) await child.stop();
  }
}

async function timeProduct(
  product: Product,
  children: readonly { name: string; child: Child }[],
): Promise<ProductTime> {
  const { groups, m, k, n, transposeA, transposeB } = product;
  const ms: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, child } of children) {
      child.resume();
      const answer = await child.ask({ do: 'product', groups, m, k, n, transposeA, transposeB });
      child.pause();
      ms[name] = Math.min(ms[name] ?? Infinity, answer.ms);
    }
  }
  const [best, least] = Object.entries(ms).reduce((a, b) => (b[1] < a[1] ? b : a), ['none', Infinity]);
  const gflops = flopsOf(product) / least / 1e6;
  return { groups, m, k, n, transposeA, transposeB, shape: shapeKey(product), ms, best, gflops };
}

/** The bound of a case from the times of its products. */
export function boundOf(
  network: BenchNetwork,
  name: CaseName,
  instantRows: number,
  times: readonly ProductTime[],
): Bound {
  const products = stepProducts(network, name, instantRows);
  const total = (msOf: (time: ProductTime) => number | undefined) =>
    products.reduce((sum, product) => {
      const time = times.find(({ shape }) => shape === shapeKey(product));
      return sum + product.count * ((time && msOf(time)) ?? NaN);
    }, 0);
  const ms = total((time) => time.ms[time.best]);
  const names = [...new Set(times.flatMap((time) => Object.keys(time.ms)))];
  const msOf = Object.fromEntries(names.map((program) => [program, total((time) => time.ms[program])]));
  const gflop = totalFlops(products) / 1e9;
  return { case: name, gflop, ms, gflops: gflop / (ms / 1000), msOf };
}
