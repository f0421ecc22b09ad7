import { component, four, lines } from './codeText';
import type { ProductForm } from './productForm';
import { linearArguments, linearGroup } from './runtime';

/**
 * 64 threads, 8 by 8, of 4 or 8 rows and columns each: tiles of a and b of `edge` = 32 or 64 rows or columns, and of as
 * many inner numbers that each thread brings one block of 4 by 4, in workgroup memory with the inner number first.
 */
export function tilesCode(form: ProductForm, edge: 32 | 64): string {
  const { transposeA, transposeB, wideA, wideB } = form;
  const quads = edge / 4; // of a tile
  const depth = 1024 / edge; // inner numbers of a tile
  const parts = quads / 8; // of a thread
  /** Four by four numbers, by the inner number first, of what lies [inner, outer] or [outer, inner] transposed. */
  const block = (name: string, outer: string, innerFirst: boolean, wide: boolean) => {
    const width = innerFirst ? outer : 'sizes.k';
    const at = (i: number, o: number) =>
      innerFirst
        ? `(k + ${i}u) * ${width} + ${name}At + ${o}u`
        : `(${name}At + ${o}u) * ${width} + k + ${i}u`;
    const inside = (i: number, o: number) => `k + ${i}u < sizes.k && ${name}At + ${o}u < ${outer}`;
    const load = (i: number, o: number) => `select(0.0, ${name}[${at(i, o)}], ${inside(i, o)})`;
    const wideLoad = (i: number, o: number) =>
      `select(vec4<f32>(0.0), ${name}[(${at(i, o)}) / 4u], ${inside(i, o)})`;
    const loads = lines(4, (n) => {
      const [i, o] = innerFirst ? [n, 0] : [0, n];
      if (wide) return `let l${n} = ${wideLoad(i, o)};`;
      return `let l${n} = ${four((c) => (innerFirst ? load(n, c) : load(c, n)))};`;
    });
    const value = (i: number) => (innerFirst ? `l${i}` : four((o) => `l${o}.${component(i)}`));
    // Neighbouring threads read neighbouring numbers.
    const [i, o] = innerFirst
      ? [`thread / ${quads}u`, `thread % ${quads}u`]
      : [`thread % ${depth / 4}u`, `thread / ${depth / 4}u`];
    return `{
      let i = 4u * (${i});
      let o = ${o};
      let k = first + i;
      let ${name}At = ${name}First + 4u * o;
      ${loads}
      ${lines(4, (n) => `${name}Tile[(i + ${n}u) * ${quads}u + o] = ${value(n)};`)}
    }`;
  };
  const cell = (r: number, p: number) => `c${r}x${p}`;
  const store = (r: number, p: number) =>
    form.wideC
      ? `c[(row * sizes.n + column) / 4u] = ${cell(r, p)};`
      : lines(
          4,
          (i) =>
            `if (column + ${i}u < sizes.n) { c[row * sizes.n + column + ${i}u] = ${cell(r, p)}.${component(i)}; }`,
        );
  const biasOf = (p: number) => {
    if (!form.bias) return 'vec4<f32>(0.0)';
    const column = `bFirst + 4u * (${p * 8}u + thread % 8u)`;
    return form.wideC
      ? `bias[min(${column}, sizes.n - 4u) / 4u]`
      : four((c) => `bias[min(${column} + ${c}u, sizes.n - 1u)]`);
  };
  return `
var<workgroup> aTile: array<vec4<f32>, ${quads * depth}>;
var<workgroup> bTile: array<vec4<f32>, ${quads * depth}>;
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let across = (sizes.n + ${edge - 1}u) / ${edge}u;
  let index = ${linearGroup};
  let aFirst = (index / across) * ${edge}u;
  let bFirst = (index % across) * ${edge}u;
  ${lines(parts, (p) => `let start${p} = ${biasOf(p)};`)}
  ${lines(4 * parts, (r) => lines(parts, (p) => `var ${cell(r, p)} = start${p};`))}
  for (var first = 0u; first < sizes.k; first += ${depth}u) {
    ${block('a', 'sizes.m', transposeA, wideA)}
    ${block('b', 'sizes.n', !transposeB, wideB)}
    workgroupBarrier();
    for (var i = 0u; i < ${depth}u; i++) {
      ${lines(parts, (p) => `let a${p} = aTile[i * ${quads}u + ${p * 8}u + thread / 8u];`)}
      ${lines(parts, (p) => `let b${p} = bTile[i * ${quads}u + ${p * 8}u + thread % 8u];`)}
      ${lines(4 * parts, (r) =>
        lines(parts, (p) => {
          const factor = `vec4<f32>(a${Math.floor(r / 4)}.${component(r)})`;
          return `${cell(r, p)} = fma(${factor}, b${p}, ${cell(r, p)});`;
        }),
      )}
    }
    workgroupBarrier();
  }
  ${lines(4 * parts, (r) =>
    lines(
      parts,
      (p) => `{
    let row = aFirst + 4u * (${Math.floor(r / 4) * 8}u + thread / 8u) + ${r % 4}u;
    let column = bFirst + 4u * (${p * 8}u + thread % 8u);
    if (row < sizes.m && column < sizes.n) { ${store(r, p)} }
  }`,
    ),
  )}
}`;
}
