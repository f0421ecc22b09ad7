import { component, count, four, lines } from './codeText';
import type { ProductForm } from './productForm';
import { linearArguments, linearGroup } from './runtime';

// Products by tiles, for GPUs: 64 threads, 8 by 8, compute a tile of c, each 4 by 4 or 8 by 8 numbers of it, and bring
// blocks of 4 by 4 of a and b to workgroup memory, the inner number first. A block is on its way from memory while the
// one before is computed with, and the loop over a tile's inner numbers is written out: 40 instead of 30 TFLOP/s on an
// H200, where cuBLAS reaches 51.

/** Rows and columns of a tile. */
export type TileEdge = 32 | 64;

/** Inner numbers of a tile, so that each thread brings one block of each factor. */
const depthOf = (edge: TileEdge) => 1024 / edge;

/** Tiles are this many values wider than they need to be: fewer threads write to one bank of the memory at a time. */
const PAD = 1;

/**
 * How a product is cut, for c of [m, n].
 *
 * With few tiles most of a device waits: W workgroups reach R W / (W + W0) of its rate R, here those of an H200, to which
 * this comes within a tenth. So where tiles are few, as in the gradient of a weight, whose rows are a whole batch of
 * tokens, several workgroups share a tile, each with a part of the inner numbers, and their results are summed. A smaller
 * device has its full rate with fewer workgroups, and the cuts cost it little.
 *
 * @returns The edge of tiles, and the parts of the inner numbers.
 */
export function planTiles(m: number, k: number, n: number): { edge: TileEdge; splits: number } {
  const plans = ([64, 32] as const).flatMap((edge) =>
    [1, 2, 4, 8, 16]
      .filter((splits) => splits === 1 || k / splits >= LEAST_INNER)
      .map((splits) => ({ edge, splits, seconds: estimate(m, k, n, edge, splits) })),
  );
  const { edge, splits } = plans.reduce((best, plan) => (plan.seconds < best.seconds ? plan : best));
  return { edge, splits };
}

/** Inner numbers that are worth a workgroup. */
const LEAST_INNER = 128;
/** R in operations a second, and W0. */
const RATES = { 64: { full: 41e12, half: 240 }, 32: { full: 25e12, half: 150 } } as const;
const BYTES_PER_SECOND = 2e12;
/** What another program costs, the sum of the parts. */
const PROGRAM_SECONDS = 10e-6;

function estimate(m: number, k: number, n: number, edge: TileEdge, splits: number): number {
  const tiles = Math.ceil(m / edge) * Math.ceil(n / edge);
  const { full, half } = RATES[edge];
  const rate = (full * tiles * splits) / (tiles * splits + half);
  const sum = splits === 1 ? 0 : PROGRAM_SECONDS + (8 * splits * m * n) / BYTES_PER_SECOND;
  return (2 * tiles * edge ** 2 * k) / rate + sum;
}

/** The last part of the sizes: inner numbers of a part, a multiple of a tile's. */
export const partSize = (k: number, edge: TileEdge, splits: number): number =>
  depthOf(edge) * Math.ceil(k / splits / depthOf(edge));

/**
 * Workgroups in z are the parts of the inner numbers, and each writes a matrix of its own.
 *
 * @param written Inner numbers whose code is written out, one after the other; a divisor of the tile's. Default all.
 * @param half Whether tiles, their products and the sum over a tile's inner numbers are of float16; the sum of those is not.
 */
export function tilesCode(
  form: ProductForm,
  edge: TileEdge,
  { written = depthOf(edge), half = false }: { written?: number | undefined; half?: boolean } = {},
): string {
  const { transposeA, transposeB, wideA, wideB } = form;
  const quads = edge / 4; // of a tile
  const width = quads + PAD;
  const depth = depthOf(edge);
  const parts = quads / 8; // of a thread
  const type = half ? 'vec4<f16>' : 'vec4<f32>';
  /** Four by four numbers, by the inner number first, of what lies [inner, outer] or [outer, inner] transposed. */
  const block = (name: string, outer: string, innerFirst: boolean, wide: boolean) => {
    const rowLength = innerFirst ? outer : 'sizes.k';
    const at = (i: number, o: number) =>
      innerFirst
        ? `(k + ${i}u) * ${rowLength} + ${name}At + ${o}u`
        : `(${name}At + ${o}u) * ${rowLength} + k + ${i}u`;
    const inside = (i: number, o: number) => `k + ${i}u < end && ${name}At + ${o}u < ${outer}`;
    const load = (i: number, o: number) => `select(0.0, ${name}[${at(i, o)}], ${inside(i, o)})`;
    const wideLoad = (i: number, o: number) =>
      `select(vec4<f32>(0.0), ${name}[(${at(i, o)}) / 4u], ${inside(i, o)})`;
    const value = (i: number) =>
      innerFirst ? `${name}Load${i}` : four((o) => `${name}Load${o}.${component(i)}`);
    // Neighbouring threads read neighbouring numbers.
    const [i, o] = innerFirst
      ? [`thread / ${quads}u`, `thread % ${quads}u`]
      : [`thread % ${depth / 4}u`, `thread / ${depth / 4}u`];
    return {
      begin: `let ${name}Inner = 4u * (${i});
  let ${name}Outer = ${o};
  let ${name}At = ${name}First + 4u * ${name}Outer;
  ${lines(4, (n) => `var ${name}Load${n}: vec4<f32>;`)}`,
      load: (first: string) => `{
    let k = ${first} + ${name}Inner;
    ${lines(4, (n) => {
      const [i, o] = innerFirst ? [n, 0] : [0, n];
      if (wide) return `${name}Load${n} = ${wideLoad(i, o)};`;
      return `${name}Load${n} = ${four((c) => (innerFirst ? load(n, c) : load(c, n)))};`;
    })}
  }`,
      store: lines(
        4,
        (n) => `${name}Tile[(${name}Inner + ${n}u) * ${width}u + ${name}Outer] = ${type}(${value(n)});`,
      ),
    };
  };
  const a = block('a', 'sizes.m', transposeA, wideA);
  const b = block('b', 'sizes.n', !transposeB, wideB);
  const cell = (r: number, p: number) => `c${r}x${p}`;
  const eachCell = (line: (r: number, p: number) => string) =>
    lines(4 * parts, (r) => lines(parts, (p) => line(r, p)));
  const store = (r: number, p: number) =>
    form.wideC
      ? `c[(to + row * sizes.n + column) / 4u] = ${cell(r, p)};`
      : lines(
          4,
          (i) =>
            `if (column + ${i}u < sizes.n) { c[to + row * sizes.n + column + ${i}u] = ${cell(r, p)}.${component(i)}; }`,
        );
  const biasOf = (p: number) => {
    if (!form.bias) return 'vec4<f32>(0.0)';
    const column = `bFirst + 4u * (${p * 8}u + thread % 8u)`;
    return form.wideC
      ? `bias[min(${column}, sizes.n - 4u) / 4u]`
      : four((c) => `bias[min(${column} + ${c}u, sizes.n - 1u)]`);
  };
  const step = (i: number) => `{
      ${lines(parts, (p) => `let a${p} = aTile[at + ${i * width + p * 8}u + thread / 8u];`)}
      ${lines(parts, (p) => `let b${p} = bTile[at + ${i * width + p * 8}u + thread % 8u];`)}
      ${eachCell((r, p) => {
        const factor = `${type}(a${Math.floor(r / 4)}.${component(r)})`;
        const sum = half ? `tile${r}x${p}` : cell(r, p);
        return `${sum} = fma(${factor}, b${p}, ${sum});`;
      })}
    }`;
  return `
var<workgroup> aTile: array<${type}, ${width * depth}>;
var<workgroup> bTile: array<${type}, ${width * depth}>;
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let across = (sizes.n + ${edge - 1}u) / ${edge}u;
  let index = ${linearGroup};
  let aFirst = (index / across) * ${edge}u;
  let bFirst = (index % across) * ${edge}u;
  let begin = group.z * sizes.part;
  let end = min(begin + sizes.part, sizes.k);
  let to = group.z * sizes.m * sizes.n;
  ${lines(parts, (p) => `let start${p} = ${biasOf(p)};`)}
  ${eachCell((r, p) => `var ${cell(r, p)} = start${p};`)}
  ${a.begin}
  ${b.begin}
  ${a.load('begin')}
  ${b.load('begin')}
  for (var first = begin; first < end; first += ${depth}u) {
    ${a.store}
    ${b.store}
    workgroupBarrier();
    ${a.load(`first + ${depth}u`)}
    ${b.load(`first + ${depth}u`)}
    ${half ? eachCell((r, p) => `var tile${r}x${p} = ${type}();`) : ''}
    for (var at = 0u; at < ${depth * width}u; at += ${written * width}u) {
      ${count(written).map(step).join('\n')}
    }
    ${half ? eachCell((r, p) => `${cell(r, p)} += vec4<f32>(tile${r}x${p});`) : ''}
    workgroupBarrier();
  }
  ${eachCell(
    (r, p) => `{
    let row = aFirst + 4u * (${Math.floor(r / 4) * 8}u + thread / 8u) + ${r % 4}u;
    let column = bFirst + 4u * (${p * 8}u + thread % 8u);
    if (row < sizes.m && column < sizes.n) { ${store(r, p)} }
  }`,
  )}
}`;
}
