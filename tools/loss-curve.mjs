// @ts-check
// node tools/loss-curve.mjs RUN OUT.svg: draws the unweighted loss of a run over its steps, both on logarithmic axes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WIDTH = 640;
const HEIGHT = 280;
const MARGIN = { left: 56, right: 16, top: 12, bottom: 36 };

/**
 * Reads the points of a run.
 *
 * @param {string} run Its folder.
 * @returns {{ step: number, rawLoss: number }[]}
 */
function readPoints(run) {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ rawLoss }) => Number.isFinite(rawLoss));
}

/**
 * The round numbers 1, 2, 5 times a power of ten within a range.
 *
 * @param {number} low
 * @param {number} high
 */
function ticks(low, high) {
  const powers = Array.from({ length: 14 }, (_, i) => 10 ** (i - 4));
  return powers.flatMap((p) => [p, 2 * p, 5 * p]).filter((tick) => tick >= low && tick <= high);
}

/**
 * Draws the curve.
 *
 * @param {{ step: number, rawLoss: number }[]} points At least two.
 */
function curve(points) {
  const steps = points.map(({ step }) => step);
  const losses = points.map(({ rawLoss }) => rawLoss);
  const [x0, x1, y0, y1] = [Math.min(...steps), Math.max(...steps), Math.min(...losses), Math.max(...losses)];
  /** @param {number} value @param {number} low @param {number} high */
  const share = (value, low, high) => Math.log(value / low) / Math.log(high / low);
  /** @param {number} step */
  const x = (step) => MARGIN.left + share(step, x0, x1) * (WIDTH - MARGIN.left - MARGIN.right);
  /** @param {number} loss */
  const y = (loss) => HEIGHT - MARGIN.bottom - share(loss, y0, y1) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const path = points.map(({ step, rawLoss }) => `${x(step).toFixed(1)},${y(rawLoss).toFixed(1)}`).join(' ');
  const [right, bottom] = [WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom];
  const grid = [
    ...ticks(x0, x1).map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${MARGIN.top}" y2="${bottom}"/><text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    ...ticks(y0, y1).map(
      (tick) =>
        `<line x1="${MARGIN.left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${MARGIN.left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<style>text{font:11px sans-serif;fill:#777}line{stroke:#7773}polyline{fill:none;stroke:#3b82f6;stroke-width:1.5}</style>
${grid.join('\n')}
<polyline points="${path}"/>
<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 4}" text-anchor="middle">step</text>
<text transform="translate(12 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">unweighted loss</text>
</svg>
`;
}

const [run, out] = process.argv.slice(2);
if (run === undefined || out === undefined) {
  console.error('loss-curve needs a run and a file: node tools/loss-curve.mjs runs/mnist loss.svg');
  process.exitCode = 2;
} else {
  const points = readPoints(run);
  if (points.length < 2)
    throw new Error(`loss-curve: ${run} must have at least 2 logged steps, got ${points.length}.`);
  writeFileSync(out, curve(points));
}
