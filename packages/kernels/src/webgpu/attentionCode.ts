import { count, lines } from './codeText';

// Attention in WGSL for GPUs: a thread has one row (a query, or a key for the gradients of keys and values) in its registers
// and goes over all rows of the other kind, which a workgroup brings to its memory tile by tile. A score exists only
// between two lines; the softmax is taken with the maximum so far.

/** How many threads a workgroup has, and rows a tile. */
export interface AttentionPlan {
  threads: 32 | 64 | 128;
  /** A multiple of 4. */
  tile: number;
  /** Threads that share a row, each with every other of its values if there are 2, which takes subgroups. */
  lanes: 1 | 2;
}

/** Rows that are gone over between two looks at the maximum. */
const BLOCK = 4;

/** Parts of a row [3 D]. */
const QUERY = 0;
const KEY = 1;
const VALUE = 2;

/** A row to go over: a buffer, and the part of its rows; null where a row is [D]. */
interface Source {
  name: string;
  buffer: string;
  part: number | null;
}

/** Number of the value where a head's row begins, in values of four numbers. */
const rowAt = (part: number | null, row: string) =>
  part === null
    ? `(start + ${row}) * sizes.width + offset`
    : `((start + ${row}) * 3u + ${part}u) * sizes.width + offset`;

/** `name0`, ...: the thread's own row. */
const own = ({ lanes }: AttentionPlan, quads: number, { name, buffer, part }: Source, factor = '') =>
  `let ${name}At = ${rowAt(part, 'mine')} + lane;\n` +
  lines(quads / lanes, (i) => `let ${name}${i} = ${buffer}[${name}At + ${i * lanes}u]${factor};`);

const zeros = (n: number, name: string) => lines(n, (i) => `var ${name}${i} = vec4<f32>(0.0);`);

/** The sum over the features of a row in registers times one that is gone over. */
const dot = (n: number, name: string, row: (i: number) => string) =>
  count(n)
    .map((i) => `dot(${name}${i}, ${row(i)})`)
    .join(' + ');

/** Value `i` of row `n` in the block. */
type RowOf = (name: string, n: number) => (i: number) => string;

/** Goes over all rows of the sources; in the body, the block's first row is `j`, and `j + n` may be too much. */
function over(
  plan: AttentionPlan,
  quads: number,
  sources: readonly Source[],
  body: (row: RowOf) => string,
): string {
  const { threads, tile, lanes } = plan;
  const loads = sources.map(
    ({ name, buffer, part }) =>
      `${name}Tile[i] = ${buffer}[${rowAt(part, `min(first + i / ${quads}u, sizes.tokens - 1u)`)} + i % ${quads}u];`,
  );
  return `for (var first = 0u; first < sizes.tokens; first += ${tile}u) {
  workgroupBarrier();
  for (var i = thread; i < ${tile * quads}u; i += ${threads}u) {
    ${loads.join('\n')}
  }
  workgroupBarrier();
  let last = min(first + ${tile}u, sizes.tokens);
  for (var j = first; j < last; j += ${BLOCK}u) {
    let at = (j - first) * ${quads}u + lane;
    ${body((name, n) => (i) => `${name}Tile[at + ${n * quads + i * lanes}u]`)}
  }
}`;
}

/** `across`: the sum over the threads of a row. */
const acrossCode = (lanes: number) =>
  `fn across(v: f32) -> f32 { return ${lanes === 1 ? 'v' : 'v + subgroupShuffleXor(v, 1u)'}; }`;

/** `fn main` with `mine`, the thread's row, `start`, its sample's first row, and `offset`, its head's first value. */
function mainCode(plan: AttentionPlan, quads: number, tiles: readonly string[], body: string): string {
  const { threads, tile, lanes } = plan;
  return `${acrossCode(lanes)}
${lines(tiles.length, (i) => `var<workgroup> ${tiles[i] ?? ''}Tile: array<vec4<f32>, ${tile * quads}>;`)}
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let asked = group.x * ${threads / lanes}u + thread / ${lanes}u;
  let lane = thread % ${lanes}u;
  let mine = min(asked, sizes.tokens - 1u);
  let start = group.z * sizes.tokens;
  let offset = group.y * ${quads}u;
  ${body}
}`;
}

/** `s0`, ... : scores of the block, of rows that are too much a score whose exponential is 0. */
const scores = (own: number, row: RowOf) =>
  lines(
    BLOCK,
    (n) => `let s${n} = select(-3.0e38, across(${dot(own, 'q', row('k', n))}), j + ${n}u < sizes.tokens);`,
  );

/** Sum of one number of each row. */
const plus = (name: string) =>
  count(BLOCK)
    .map((n) => `${name}${n}`)
    .join(' + ');

/** Raises the maximum, `shrink`s what was summed before, and `p0`, ... : exponentials of the block. */
const softmaxBlock = `let raised = ${count(BLOCK).reduce((most, n) => `max(${most}, s${n})`, 'highest')};
let shrink = exp(highest - raised);
highest = raised;
${lines(BLOCK, (n) => `let p${n} = exp(s${n} - raised);`)}
total = total * shrink + (${plus('p')});`;

const softmaxStart = `var highest = -3.0e38;
var total = 0.0;`;

const query = (buffer: string, name = 'q'): Source => ({ name, buffer, part: QUERY });
const key = (buffer: string, name = 'k'): Source => ({ name, buffer, part: KEY });
const value = (buffer: string, name = 'v'): Source => ({ name, buffer, part: VALUE });
const gradient: Source = { name: 'g', buffer: 'dy', part: null };

/** s = 1 / sqrt(d). */
const scaleOf = (quads: number) => ((4 * quads) ** -0.5).toFixed(9);

/** Sum over the block of `factor(n)` times a row. */
const blockSum = (row: (n: number) => string, factor: (n: number) => string) =>
  count(BLOCK)
    .map((n) => `${factor(n)} * ${row(n)}`)
    .join(' + ');

/** y = softmax(s q k') v: reads qkv, writes y. */
export function forwardCode(plan: AttentionPlan, quads: number): string {
  const each = quads / plan.lanes;
  const loop = over(plan, quads, [key('qkv'), value('qkv')], (row) =>
    [
      scores(each, row),
      softmaxBlock,
      lines(
        each,
        (i) =>
          `o${i} = o${i} * shrink + (${blockSum(
            (n) => row('v', n)(i),
            (n) => `p${n}`,
          )});`,
      ),
    ].join('\n'),
  );
  return mainCode(
    plan,
    quads,
    ['k', 'v'],
    `${own(plan, quads, query('qkv'), ` * ${scaleOf(quads)}`)}
${softmaxStart}
${zeros(each, 'o')}
${loop}
if (asked < sizes.tokens) {
  let to = ${rowAt(null, 'mine')} + lane;
  ${lines(each, (i) => `y[to + ${i * plan.lanes}u] = o${i} / total;`)}
}`,
  );
}

/** dy = dA v + A dv, dA = A (dS - sum_j A dS), dS = s (dq k' + q dk'): reads qkv and d, writes dy. */
export function pushCode(plan: AttentionPlan, quads: number): string {
  const each = quads / plan.lanes;
  const sources = [key('qkv'), value('qkv'), key('d', 'dk'), value('d', 'dv')];
  const loop = over(plan, quads, sources, (row) =>
    [
      scores(each, row),
      softmaxBlock,
      lines(
        BLOCK,
        (n) =>
          `let w${n} = p${n} * across(${dot(each, 'dq', row('k', n))} + ${dot(each, 'q', row('dk', n))});`,
      ),
      `slope = slope * shrink + (${plus('w')});`,
      lines(each, (i) =>
        [
          lines(BLOCK, (n) => `let value${i}x${n} = ${row('v', n)(i)};`),
          `o${i} = o${i} * shrink + (${blockSum((n) => `value${i}x${n}`, (n) => `p${n}`)});`, // prettier-ignore
          `do${i} = do${i} * shrink + (${blockSum((n) => `value${i}x${n}`, (n) => `w${n}`)} + ${blockSum((n) => row('dv', n)(i), (n) => `p${n}`)});`, // prettier-ignore
        ].join('\n'),
      ),
    ].join('\n'),
  );
  return mainCode(
    plan,
    quads,
    ['k', 'v', 'dk', 'dv'],
    `${own(plan, quads, query('qkv'), ` * ${scaleOf(quads)}`)}
${own(plan, quads, query('d', 'dq'), ` * ${scaleOf(quads)}`)}
${softmaxStart}
var slope = 0.0;
${zeros(each, 'o')}
${zeros(each, 'do')}
${loop}
if (asked < sizes.tokens) {
  let to = ${rowAt(null, 'mine')} + lane;
  ${lines(each, (i) => `dy[to + ${i * plan.lanes}u] = (do${i} - o${i} * (slope / total)) / total;`)}
}`,
  );
}

/**
 * dq = s dS k, dS = A (dA - sum_j A dA), dA = dy v': reads qkv and dy, writes dqkv, and for each query the logarithm of
 * the sum of its exponentials and sum_j A dA.
 */
export function queryGradientCode(plan: AttentionPlan, quads: number): string {
  const each = quads / plan.lanes;
  const statistics = over(plan, quads, [key('qkv'), value('qkv')], (row) =>
    [
      scores(each, row),
      softmaxBlock,
      lines(BLOCK, (n) => `let w${n} = p${n} * across(${dot(each, 'g', row('v', n))});`),
      `slope = slope * shrink + (${plus('w')});`,
    ].join('\n'),
  );
  const sums = over(plan, quads, [key('qkv'), value('qkv')], (row) =>
    [
      scores(each, row),
      lines(
        BLOCK,
        (n) => `let w${n} = exp(s${n} - logarithm) * (across(${dot(each, 'g', row('v', n))}) - mean);`,
      ),
      lines(
        each,
        (i) =>
          `dq${i} += ${blockSum(
            (n) => row('k', n)(i),
            (n) => `w${n}`,
          )};`,
      ),
    ].join('\n'),
  );
  return mainCode(
    plan,
    quads,
    ['k', 'v'],
    `${own(plan, quads, query('qkv'), ` * ${scaleOf(quads)}`)}
${own(plan, quads, gradient)}
${softmaxStart}
var slope = 0.0;
${statistics}
let logarithm = highest + log(total);
let mean = slope / total;
${zeros(each, 'dq')}
${sums}
if (asked < sizes.tokens) {
  statistics[(group.z * sizes.heads + group.y) * sizes.tokens + mine] = vec2<f32>(logarithm, mean);
  let to = ${rowAt(QUERY, 'mine')} + lane;
  ${lines(each, (i) => `dqkv[to + ${i * plan.lanes}u] = dq${i} * ${scaleOf(quads)};`)}
}`,
  );
}

/** dk = s dS' q and dv = A' dy: reads qkv, dy and the statistics of the queries, writes dqkv. The thread's row is a key. */
export function keyGradientCode(plan: AttentionPlan, quads: number): string {
  const each = quads / plan.lanes;
  const loop = over(plan, quads, [query('qkv'), gradient], (row) =>
    [
      lines(
        BLOCK,
        (n) => `let t${n} = statistics[statisticsAt + min(j + ${n}u, sizes.tokens - 1u)];
let p${n} = select(0.0, exp(across(${dot(each, 'k', row('q', n))}) - t${n}.x), j + ${n}u < sizes.tokens);
let w${n} = p${n} * (across(${dot(each, 'v', row('g', n))}) - t${n}.y);`,
      ),
      lines(each, (i) => `dv${i} += ${blockSum((n) => row('g', n)(i), (n) => `p${n}`)};`), // prettier-ignore
      lines(each, (i) => `dk${i} += ${blockSum((n) => row('q', n)(i), (n) => `w${n}`)};`), // prettier-ignore
    ].join('\n'),
  );
  return mainCode(
    plan,
    quads,
    ['q', 'g'],
    `let statisticsAt = (group.z * sizes.heads + group.y) * sizes.tokens;
${own(plan, quads, key('qkv'), ` * ${scaleOf(quads)}`)}
${own(plan, quads, value('qkv'))}
${zeros(each, 'dk')}
${zeros(each, 'dv')}
${loop}
if (asked < sizes.tokens) {
  let toKey = ${rowAt(KEY, 'mine')} + lane;
  let toValue = ${rowAt(VALUE, 'mine')} + lane;
  ${lines(each, (i) => `dqkv[toKey + ${i * plan.lanes}u] = dk${i} * ${scaleOf(quads)};`)}
  ${lines(each, (i) => `dqkv[toValue + ${i * plan.lanes}u] = dv${i};`)}
}`,
  );
}
