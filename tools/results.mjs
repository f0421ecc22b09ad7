// @ts-check
// npm run results: writes docs/results.md from the stored results of evaluations.
// npm run results -- run NAME...: trains and evaluates experiments of docs/results/experiments.json, as far as that is
// not done already. `all` is every one.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspaceRoot } from './install.mjs';

/** @typedef {{ value: number, interval: [number, number] | null }} Metric */
/** @typedef {{ nfe: number | null, metrics: Record<string, Metric>, seconds: number }} Entry */
/** @typedef {{ images: { count: number, draws?: number, step?: number }, network: { name: string }, reference: { name: string, count: number }, versions: Record<string, string>, results: Entry[] }} Result */
/** @typedef {{ name: string, label: string, recipe?: string, set?: string[], nfe?: number[] }} Run */
/** @typedef {{ name: string, title: string, text: string[], count: number, repeats: number, runs: Run[] }} Group */
/** @typedef {{ title: string, text: string[], recipe: string, count: number, repeats: number, tables: { title: string, text: string[], runs: Run[] }[] }} Ablations */
/** @typedef {{ intro: string[], groups: Group[], ablations: Ablations }} Experiments */
/** @typedef {(name: string) => Result | null} Read */

const folder = join(workspaceRoot, 'docs/results');

/**
 * A table in Markdown, with columns as wide as prettier makes them.
 *
 * @param {string[][]} rows The heading first.
 */
export function markdownTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? '').length)),
  );
  /** @param {string[]} row */
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join('\n');
}

/**
 * Three or four digits, and half the width of the interval where there is one.
 *
 * @param {Metric | undefined} metric
 */
export function showMetric(metric) {
  if (metric === undefined) return '';
  const digits = Math.abs(metric.value) >= 100 ? 0 : Math.abs(metric.value) >= 10 ? 1 : 2;
  const value = metric.value.toFixed(digits);
  return metric.interval === null
    ? value
    : `${value} ± ${(metric.interval[1] - metric.value).toFixed(digits)}`;
}

/**
 * The number of evaluations from which on one method is as good as another is with one; null if it never is.
 *
 * @param {Result} result
 * @param {number} wanted
 */
export function catchesUpAt(result, wanted) {
  const entries = result.results
    .filter(({ nfe }) => nfe !== null)
    .sort((a, b) => (a.nfe ?? 0) - (b.nfe ?? 0));
  return entries.find(({ metrics }) => (metrics['fid']?.value ?? Infinity) <= wanted)?.nfe ?? null;
}

/**
 * What the table of two methods says in a sentence.
 *
 * @param {Result} meanFlow
 * @param {Result} flowMatching
 */
export function verdict(meanFlow, flowMatching) {
  const at = (/** @type {Result} */ result, /** @type {number} */ nfe) =>
    result.results.find((entry) => entry.nfe === nfe)?.metrics['fid']?.value;
  const [ours, theirs] = [at(meanFlow, 1), at(flowMatching, 1)];
  if (ours === undefined || theirs === undefined) return '';
  const reached = catchesUpAt(flowMatching, ours);
  const most = Math.max(...flowMatching.results.map(({ nfe }) => nfe ?? 0));
  const end =
    reached === null
      ? `with ${most} evaluations flow matching has not caught up with it`
      : `flow matching needs ${reached} evaluations for that`;
  return `In one evaluation MeanFlow reaches ${showMetric({ value: ours, interval: null })} where flow matching is at ${showMetric({ value: theirs, interval: null })} (${(theirs / ours).toFixed(1)} times as far from the data); ${end}.`;
}

const LINE = 120;

/**
 * A paragraph in lines of at most 120 characters, as in the other documents.
 *
 * @param {string} text
 */
export function wrapped(text) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/**
 * @param {Group} group
 * @param {Read} read
 */
function groupSection(group, read) {
  const results = group.runs.flatMap((run) => {
    const result = read(run.name);
    return result === null ? [] : [{ run, result }];
  });
  const [first, second] = results;
  if (first === undefined) return [`## ${group.title}`, 'Not measured yet.'];
  const { network, reference, images } = first.result;
  const columns = first.result.results.map(({ nfe }) => nfe);
  const heading = [`FID (${network.name})`, ...columns.map((nfe) => `${nfe ?? '-'} NFE`)];
  const rows = results.map(({ run, result }) => [
    run.label,
    ...columns.map((nfe) => showMetric(result.results.find((entry) => entry.nfe === nfe)?.metrics['fid'])),
  ]);
  const others = ['kid', 'precision', 'recall', 'density', 'coverage'];
  const more = results.map(({ run, result }) => {
    const [one] = result.results;
    return [
      run.label,
      ...others.map((name) => (one?.metrics[name]?.value ?? NaN).toFixed(name === 'kid' ? 4 : 3)),
    ];
  });
  const draws = images.draws ?? 1;
  return [
    `## ${group.title}`,
    ...group.text.map(wrapped),
    wrapped(
      `${images.count.toLocaleString('en')} images${draws > 1 ? ` in each of ${draws} draws (± is the 95 % interval of their mean)` : ''} against all ${reference.count.toLocaleString('en')} of ${reference.name}, step ${images.step ?? '?'}, averaged weights:`,
    ),
    markdownTable([heading, ...rows]),
    ...(second === undefined ? [] : [wrapped(verdict(first.result, second.result))]),
    'At one evaluation:',
    markdownTable([['', 'KID', ...others.slice(1)], ...more]),
    ...group.runs
      .filter(({ name }) => existsSync(join(workspaceRoot, `docs/images/results/${name}.png`)))
      .map(
        ({ name, label }) =>
          `![${label}](images/results/${name}.png)\n\n_${label} at 1-NFE: each drawn image (left of a pair) and its nearest neighbour among the training images._`,
      ),
    `\`\`\`sh\nnpm run results -- run ${group.runs.map(({ name }) => name).join(' ')}\n\`\`\``,
  ];
}

/**
 * @param {Ablations} ablations
 * @param {Read} read
 */
function ablationSection(ablations, read) {
  const tables = ablations.tables.flatMap(({ title, text, runs }) => {
    const results = runs.flatMap(({ name, label }) => {
      const result = read(name);
      return result === null ? [] : [{ label, result }];
    });
    const [first] = results;
    if (first === undefined || results.length < 2) return []; // nothing to compare yet
    const columns = first.result.results.map(({ nfe }) => nfe);
    const heading = ['', ...columns.map((nfe) => `${nfe ?? '-'} NFE`)];
    const rows = results.map(({ label, result }) => [
      label,
      ...columns.map((nfe) => showMetric(result.results.find((entry) => entry.nfe === nfe)?.metrics['fid'])),
    ]);
    return [`### ${title}`, markdownTable([heading, ...rows]), ...text.map(wrapped)];
  });
  return [
    `## ${ablations.title}`,
    ...ablations.text.map(wrapped),
    ...tables,
    '```sh\nnpm run results -- run ablations\n```',
  ];
}

/**
 * The whole document.
 *
 * @param {Experiments} experiments
 * @param {Read} read Result of an experiment; null if there is none.
 */
export function resultsDocument(experiments, read) {
  return `${[
    '# Results',
    ...experiments.intro.map(wrapped),
    ...experiments.groups.flatMap((group) => groupSection(group, read)),
    ...ablationSection(experiments.ablations, read),
  ].join('\n\n')}\n`;
}

/** @returns {Experiments} */
function readExperiments() {
  return JSON.parse(readFileSync(join(folder, 'experiments.json'), 'utf8'));
}

/**
 * Every experiment once, with what the command line needs.
 *
 * @param {Experiments} experiments
 */
export function allRuns({ groups, ablations }) {
  const inGroups = groups.flatMap(
    ({ name: group, count, repeats, runs }) =>
    runs.map((run) => ({ group, count, repeats, recipe: run.recipe ?? run.name, nfe: run.nfe ?? [1], set: run.set ?? [], name: run.name, pictures: true })), // prettier-ignore
  );
  const { recipe, count, repeats } = ablations;
  const inTables = ablations.tables.flatMap(
    ({ runs }) =>
    runs.map((run) => ({ group: 'ablations', count, repeats, recipe, nfe: run.nfe ?? [1, 2], set: run.set ?? [], name: run.name, pictures: false })), // prettier-ignore
  );
  return [...new Map([...inGroups, ...inTables].map((run) => [run.name, run])).values()];
}

/**
 * Trains and evaluates.
 *
 * @param {ReturnType<typeof allRuns>[number]} run
 * @param {(args: string[]) => void} meanflow
 */
export function perform({ name, recipe, set, nfe, count, repeats, pictures }, meanflow) {
  const root = `runs/results/${name}`;
  const config = `docs/results/recipes/${recipe}.yaml`;
  const isBegun = existsSync(join(workspaceRoot, root, 'config.yaml'));
  meanflow(
    isBegun
      ? ['train', '--resume', '--out', root]
      : ['train', '--config', config, '--out', root, ...set.flatMap((change) => ['--set', change])],
  );
  meanflow([
    ...['eval', '--checkpoint', root, '--nfe', nfe.join(','), '--count', String(count)],
    ...['--repeats', String(repeats), '--out', `docs/results/${name}.json`],
    ...(pictures ? ['--neighbours', `docs/images/results/${name}.png`] : ['--metrics', 'fid']),
  ]);
}

/** @param {string[]} args */
function meanflow(args) {
  const cli = join(workspaceRoot, 'apps/trainer/dist/cli.js');
  if (!existsSync(cli)) throw new Error('results: the trainer must be built. Run npm run build first.');
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: workspaceRoot, stdio: 'inherit' });
  if (status !== 0) throw new Error(`results: meanflow ${args.join(' ')} ended with ${String(status)}.`);
}

/** @param {string[]} names */
function runNamed(names) {
  const runs = allRuns(readExperiments());
  for (const name of names) {
    const chosen = runs.filter((run) => name === 'all' || run.name === name || run.group === name);
    if (chosen.length === 0) {
      const known = [...new Set(runs.flatMap((run) => [run.group, run.name]))];
      throw new Error(`results: NAME must be one of all, ${known.join(', ')}, got ${name}.`);
    }
    for (const run of chosen) {
      if (existsSync(join(folder, `${run.name}.json`))) console.log(`${run.name}: done already`);
      else perform(run, meanflow);
    }
  }
}

function writeDocument() {
  const text = resultsDocument(readExperiments(), (name) => {
    const path = join(folder, `${name}.json`);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  });
  writeFileSync(join(workspaceRoot, 'docs/results.md'), text);
  console.log('docs/results.md is written.');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, ...names] = process.argv.slice(2);
  try {
    if (command === 'run' && names.length > 0) runNamed(names);
    else if (command !== undefined)
      throw new Error(`results: use no argument, or run NAME..., got ${command}.`);
    writeDocument();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
