import { component, four, lines } from './codeText';
import type { ProductForm } from './productForm';
import { linearArguments, linearGroup } from './runtime';

// Matrix products c = a b + bias in WGSL, either factor transposed where it lies. In all of them a thread computes rows
// of four neighbouring columns: one broadcast number of a times four of b. Three ways to bring the factors there:
//
// - tiles: parts of a and b go to workgroup memory, for GPUs;
// - lanes: a workgroup is one subgroup; its lanes load different numbers of a and broadcast them. Where invocations are
//   the lanes of a CPU's registers, each load costs as much as many multiplications and a barrier more, so this is 3
//   times as fast as the others there;
// - direct: every thread loads for itself, on such a device without subgroups.

/** Inner numbers between two loads. */
const CHUNK = 4;

/** k + i, within the matrix; uniform. */
const inner = (i: number, even: boolean) => (even ? `(k + ${i}u)` : `min(k + ${i}u, sizes.k - 1u)`);

/** Column `i` of the thread's four, within the matrix. */
const columnCode = lines(4, (i) => `let column${i} = min(4u * column + ${i}u, sizes.n - 1u);`);

/** Code that brings numbers: what holds for all inner numbers, and the loads from k on. */
interface Loads {
  before: string;
  loads: string;
}

/** `b0`, ... : four columns of b for each of four inner numbers from k on. */
function loadB({ transposeB, wideB, even }: ProductForm): Loads {
  if (!wideB) {
    const at = (i: number, c: number) =>
      transposeB ? `column${c} * bRow + ${inner(i, even)}` : `${inner(i, even)} * bRow + column${c}`;
    return {
      before: '',
      loads: lines(CHUNK, (i) => `let b${i} = ${four((c) => `b[bStart + ${at(i, c)}]`)};`),
    };
  }
  if (!transposeB) {
    return {
      before: 'let bFirst = (bStart + column0) / 4u; let bQuads = bRow / 4u;',
      loads: lines(CHUNK, (i) => `let b${i} = b[bFirst + ${inner(i, even)} * bQuads];`),
    };
  }
  return {
    before: lines(4, (c) => `let bFirst${c} = (bStart + column${c} * bRow) / 4u;`),
    loads: [
      lines(4, (c) => `let t${c} = b[bFirst${c} + k / 4u];`),
      lines(CHUNK, (i) => `let b${i} = ${four((c) => `t${c}.${component(i)}`)};`),
    ].join('\n'),
  };
}

/** Rows of the thread: `row0`, ... within the matrix, and `c0`, ... that begin with the bias. */
function begin({ transposeA, transposeB, bias, wideC, heads, adds }: ProductForm, rows: number): string {
  const places = heads
    ? ['a', 'b', 'c'].map(
        (name) => `let ${name}Row = sizes.${name}Row;
let ${name}Start = (group.z / sizes.heads) * sizes.${name}Sample + (group.z % sizes.heads) * sizes.${name}Head + sizes.${name}First;`,
      )
    : [
        `let aRow = sizes.${transposeA ? 'm' : 'k'};`,
        `let bRow = sizes.${transposeB ? 'k' : 'n'};`,
        'let cRow = sizes.n; let aStart = 0u; let bStart = 0u; let cStart = 0u;',
      ];
  const held = (r: number) =>
    wideC
      ? `c[(cStart + row${r} * cRow + column0) / 4u]`
      : four((i) => `c[cStart + row${r} * cRow + column${i}]`);
  const start = !bias ? 'vec4<f32>(0.0)' : wideC ? 'bias[column0 / 4u]' : four((c) => `bias[column${c}]`);
  return [
    ...places,
    columnCode,
    lines(rows, (r) => `let row${r} = min(row + ${r}u, sizes.m - 1u);`),
    lines(rows, (r) => `var c${r} = ${adds ? held(r) : start};`),
  ].join('\n');
}

/** Stores what lies within the matrix. */
function end({ wideC }: ProductForm, rows: number): string {
  const store = (r: number) =>
    wideC
      ? `c[(cStart + row${r} * cRow) / 4u + column] = c${r};`
      : lines(
          4,
          (i) =>
            `if (4u * column + ${i}u < sizes.n) { c[cStart + row${r} * cRow + 4u * column + ${i}u] = c${r}.${component(i)}; }`,
        );
  return `if (4u * column < sizes.n) {
${lines(rows, (r) => `if (row + ${r}u < sizes.m) { ${store(r)} }`)}
}`;
}

/** One number of a is zero beyond the inner size, where b repeats its last row. */
const guarded = (value: string, offset: string, even: boolean) =>
  even ? value : `select(0.0, ${value}, k + ${offset} < sizes.k)`;

/** Inner number of a lane, within the matrix. */
const innerOfLane = (even: boolean) => (even ? '(k + lane % 4u)' : 'min(k + lane % 4u, sizes.k - 1u)');

/** How numbers of a reach the lanes, and where row `r` at the inner number k + i is then. */
interface LanesOfA extends Loads {
  value: (r: number, i: number) => string;
}

/** Each load brings four numbers a lane: of a row, or, where a is transposed, of four rows. */
function wideLanesOfA({ transposeA, even }: ProductForm, rows: number, lanes: number): LanesOfA {
  const count = Math.ceil(rows / lanes);
  if (!transposeA) {
    const row = (p: number) => `min(row + ${p * lanes}u + lane, sizes.m - 1u)`;
    return {
      before: lines(count, (p) => `let aFirst${p} = (aStart + ${row(p)} * aRow) / 4u;`),
      loads: lines(count, (p) => `let a${p} = a[aFirst${p} + k / 4u];`),
      value: (r, i) => `subgroupBroadcast(a${Math.floor(r / lanes)}.${component(i)}, ${r % lanes}u)`,
    };
  }
  const row = (p: number) => `min(row + ${p * lanes}u + lane / 4u * 4u, sizes.m - 4u)`;
  const load = (p: number) => `a[aFirst${p} + ${innerOfLane(even)} * aQuads]`;
  const guardedLoad = (p: number) => `select(vec4<f32>(0.0), ${load(p)}, k + lane % 4u < sizes.k)`;
  return {
    before: [
      'let aQuads = aRow / 4u;',
      lines(count, (p) => `let aFirst${p} = (aStart + ${row(p)}) / 4u;`),
    ].join('\n'),
    loads: lines(count, (p) => `let a${p} = ${even ? load(p) : guardedLoad(p)};`),
    value: (r, i) =>
      `subgroupBroadcast(a${Math.floor(r / lanes)}.${component(r)}, ${4 * Math.floor((r % lanes) / 4) + i}u)`,
  };
}

/** Each load brings one number a lane: four of each of `lanes / 4` rows, or of a transposed one as many rows as lanes. */
function narrowLanesOfA({ transposeA, even }: ProductForm, rows: number, lanes: number): LanesOfA {
  const together = lanes / 4;
  if (!transposeA) {
    return {
      before: '',
      loads: lines(Math.ceil(rows / together), (p) => {
        const value = `a[aStart + min(row + ${p * together}u + lane / 4u, sizes.m - 1u) * aRow + ${innerOfLane(even)}]`;
        return `let a${p} = ${guarded(value, 'lane % 4u', even)};`;
      }),
      value: (r, i) => `subgroupBroadcast(a${Math.floor(r / together)}, ${4 * (r % together) + i}u)`,
    };
  }
  return {
    before: '',
    loads: lines(CHUNK, (i) =>
      lines(Math.ceil(rows / lanes), (p) => {
        const value = `a[aStart + ${inner(i, even)} * aRow + min(row + ${p * lanes}u + lane, sizes.m - 1u)]`;
        return `let a${i}x${p} = ${guarded(value, `${i}u`, even)};`;
      }),
    ),
    value: (r, i) => `subgroupBroadcast(a${i}x${Math.floor(r / lanes)}, ${r % lanes}u)`,
  };
}

/** A workgroup of one subgroup of 4 or 8 lanes: `rows` rows, four columns a lane. */
export function lanesCode(form: ProductForm, rows: number, lanes: number): string {
  const ofB = loadB(form);
  const ofA = (form.wideA ? wideLanesOfA : narrowLanesOfA)(form, rows, lanes);
  return `
@compute @workgroup_size(${lanes})
fn main(
  @builtin(subgroup_invocation_id) lane: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>) {
  let blocks = (sizes.m + ${rows - 1}u) / ${rows}u;
  let index = ${linearGroup};
  let row = (index % blocks) * ${rows}u;
  let column = (index / blocks) * ${lanes}u + lane;
  ${begin(form, rows)}
  ${ofA.before}
  ${ofB.before}
  for (var k = 0u; k < sizes.k; k += ${CHUNK}u) {
    ${ofA.loads}
    ${ofB.loads}
    ${lines(CHUNK, (i) => lines(rows, (r) => `c${r} = fma(vec4<f32>(${ofA.value(r, i)}), b${i}, c${r});`))}
  }
  ${end(form, rows)}
}`;
}

/** 64 threads, 8 side by side: `rows` rows and four columns each. */
export function directCode(form: ProductForm, rows: number): string {
  const { transposeA, wideA, even } = form;
  const wide = wideA && (!transposeA || rows % 4 === 0);
  const loadA = lines(transposeA && wide ? rows / 4 : rows, (r) => {
    if (!wide) {
      return lines(4, (i) => {
        const at = transposeA
          ? `aStart + ${inner(i, even)} * aRow + row${r}`
          : `aStart + row${r} * aRow + ${inner(i, even)}`;
        return `let a${r}x${i} = ${guarded(wideA ? `a[(${at}) / 4u][(${at}) % 4u]` : `a[${at}]`, `${i}u`, even)};`;
      });
    }
    if (!transposeA) return `let a${r} = a[(aStart + row${r} * aRow + k) / 4u];`;
    return lines(4, (i) => {
      const value = `a[(aStart + ${inner(i, even)} * aRow + row${4 * r}) / 4u]`;
      const zeroed = even ? value : `select(vec4<f32>(0.0), ${value}, k + ${i}u < sizes.k)`;
      return `let a${r}x${i} = ${zeroed};`;
    });
  });
  const ofB = loadB(form);
  const ofA = (r: number, i: number) => {
    if (!wide) return `a${r}x${i}`;
    return transposeA ? `a${Math.floor(r / 4)}x${i}.${component(r)}` : `a${r}.${component(i)}`;
  };
  return `
@compute @workgroup_size(64)
fn main(${linearArguments}) {
  let blocks = (sizes.m + ${8 * rows - 1}u) / ${8 * rows}u;
  let index = ${linearGroup};
  let row = ((index % blocks) * 8u + thread / 8u) * ${rows}u;
  let column = (index / blocks) * 8u + thread % 8u;
  ${begin(form, rows)}
  ${ofB.before}
  for (var k = 0u; k < sizes.k; k += 4u) {
    ${loadA}
    ${ofB.loads}
    ${lines(4, (i) => lines(rows, (r) => `c${r} = fma(vec4<f32>(${ofA(r, i)}), b${i}, c${r});`))}
  }
  ${end(form, rows)}
}`;
}
