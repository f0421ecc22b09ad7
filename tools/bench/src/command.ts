import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { browserCases, browserPrograms, contestsOf } from './browser/programs';
import type { BrowserProgram } from './browser/programs';
import { engineNames } from './browser/protocol';
import type { Engine } from './browser/protocol';
import { formatBrowser } from './browser/reportBrowser';
import { caseNames } from './cases';
import type { CaseName } from './cases';
import { formatEvaluation } from './evaluation/reportEvaluation';
import { runEvaluation } from './evaluation/runEvaluation';
import { serveEvaluation } from './evaluation/serveEvaluation';
import { evaluationTaskNames } from './evaluation/tasks';
import type { EvaluationTaskName } from './evaluation/tasks';
// eslint-disable-next-line @nx/enforce-module-boundaries -- it is the trainer's count that threads follow
import { cpuCount } from '../../../apps/trainer/src/backends/cpuCount';
import { browserNetworkNames, gpuNetworkNames, networkNames } from './networks';
import type { NetworkName } from './networks';
import { programs, programsOn, workspaceFolder } from './programs';
import type { Program } from './programs';
import { findShards } from './reading/findShards';
import { formatReading } from './reading/reportReading';
import { runReading } from './reading/runReading';
import { serveReading } from './reading/serveReading';
import { formatReport } from './report';
import type { Report } from './report';
import { runBench } from './run';
import { serve } from './serve';
import { setUpPeers } from './setup';
import type { SetupOptions } from './setup';
import { formatTable } from './table';

interface Options {
  only?: readonly Program[];
  network: NetworkName | 'all';
  case?: readonly CaseName[];
  rounds: number;
  steps: boolean;
  bound: boolean;
  gpu?: true;
  json?: string;
  list?: true;
}

interface ReadingCommandOptions {
  folder?: string;
  workers: number;
  rounds: number;
  json?: string;
}

interface EvaluationCommandOptions {
  only?: readonly EvaluationTaskName[];
  rounds: number;
  json?: string;
}

interface BrowserCommandOptions {
  only?: readonly BrowserProgram[];
  engine: readonly Engine[];
  network?: readonly (typeof browserNetworkNames)[number][];
  case: readonly CaseName[];
  rounds: number;
  gpu?: true;
  out?: string;
  json?: string;
}

const DEFAULT_ROUNDS = 15;
const BROWSER_ROUNDS = 7;
const EVALUATION_ROUNDS = 3;
const READING_ROUNDS = 5;
const READING_WORKERS = 2;
const INTERRUPTED = 130;

/** Names of a list, each checked. */
function listOf<T extends string>(what: string, known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((one) => one === name.trim());
      if (found === undefined)
        throw new InvalidArgumentError(`There is no ${what} ${name}: ${known.join(', ')}.`);
      return found;
    });
}

const parseNames = listOf(
  'program',
  programs.map(({ name }) => name),
);

function parsePrograms(text: string): Program[] {
  const names = parseNames(text);
  return programs.filter(({ name }) => names.includes(name));
}

const parseBrowserNames = listOf(
  'program',
  browserPrograms.map(({ name }) => name),
);

function parseBrowserPrograms(text: string): BrowserProgram[] {
  const names = parseBrowserNames(text);
  return browserPrograms.filter(({ name }) => names.includes(name));
}

function parseRounds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return Number(text);
}

function listPrograms(): string {
  const rows = programs.map(({ name, title, run, does = 'steps', device = 'cpu' }) => [
    name,
    title,
    'python' in run ? `peers/${run.python.join(' ')}` : 'TypeScript',
    device.toUpperCase(),
    does === 'both' ? 'steps, products' : does,
  ]);
  return formatTable(['program', 'what', 'runs', 'on', 'times'], rows);
}

/** Where the command writes. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** What is going on. */
  readonly err: (text: string) => void;
  /** This program's own script, which its children run. */
  readonly cli: string;
}

async function bench(options: Options, { out, err, cli }: Terminal): Promise<void> {
  if (options.list === true) {
    out(listPrograms());
    return;
  }
  const { json, gpu = false } = options;
  let latest: Report | null = null;
  const show = () => {
    if (latest !== null) out(formatReport(latest));
  };
  const onInterrupt = () => {
    show(); // what is there is worth the time that it took
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
  const runOptions = {
    networks: options.network === 'all' ? (gpu ? gpuNetworkNames : networkNames) : [options.network],
    cases: options.case ?? caseNames,
    programs: options.only ?? programsOn(gpu ? 'gpu' : 'cpu'),
    ...{ rounds: options.rounds, steps: options.steps, bound: options.bound },
    ...{ cli, progress: err },
  };
  await runBench(runOptions, (report) => {
    latest = report;
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  });
  process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
  show();
}

async function benchReading(options: ReadingCommandOptions, { out, err, cli }: Terminal): Promise<void> {
  const { folder, workers, rounds, json } = options;
  const shards = findShards(folder, workspaceFolder);
  const report = await runReading({ shards, workers, rounds, cli, progress: err });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  out(formatReading(report));
}

async function benchEvaluation(
  options: EvaluationCommandOptions,
  { out, err, cli }: Terminal,
): Promise<void> {
  const { only: tasks = evaluationTaskNames, rounds, json } = options;
  const report = await runEvaluation({ tasks, rounds, cli, progress: err });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  out(formatEvaluation(report));
}

async function benchBrowser(options: BrowserCommandOptions, { out, err }: Terminal): Promise<void> {
  const { engine, network, only, gpu = false, rounds, out: file, json } = options;
  const words = process.argv.slice(2);
  // Where results are written is of no interest to who reads them.
  const shown = words.filter(
    (word, i) => ![word, words[i - 1]].some((one) => one === '--out' || one === '--json'),
  );
  const line = ['npm run bench --', ...shown].join(' ');
  const { runBrowserBench } = await import('./browser/runBrowser');
  const choice = { engines: engine, networks: network ?? null, cpus: cpuCount(), gpu };
  const runOptions = {
    ...{ cases: options.case, programs: only ?? browserPrograms, contests: contestsOf(choice), rounds },
    ...{ mode: gpu ? ('gpu' as const) : ('software' as const), progress: err },
  };
  const report = await runBrowserBench(runOptions, (soFar) => {
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(soFar, null, 2)}\n`);
    if (file !== undefined) writeFileSync(file, `${formatBrowser(soFar, line)}\n`);
  });
  if (report !== null) out(formatBrowser(report, line));
}

/** The command line: the measurement, the setup of the peers, and the programs that the measurement starts. */
export function buildCommand(terminal: Terminal): Command {
  const command = new Command('bench')
    .description('Times our training step and sampler beside those of others.')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride()
    .enablePositionalOptions() // `data` has --rounds and --json of its own
    .option('--only <names>', 'programs to run, separated by commas (see --list)', parsePrograms)
    .addOption(
      new Option('--network <name>', 'which network').choices([...gpuNetworkNames, 'all']).default('all'),
    )
    .option(
      '--case <names>',
      `cases, separated by commas: ${caseNames.join(', ')}`,
      listOf('case', caseNames),
    )
    .option('--rounds <n>', 'timed steps of each program', parseRounds, DEFAULT_ROUNDS)
    .option('--no-steps', 'leave out the steps')
    .option('--no-bound', 'leave out the matrix products')
    .option('--gpu', "programs that compute on the machine's GPU, instead of those on the CPU")
    .option('--json <file>', 'write everything that was measured to a file, too')
    .option('--list', 'list the programs')
    .action((options: Options) => bench(options, terminal));
  command
    .command('setup')
    .description('Install the Python peers into .bench.')
    .option('--python <command>', 'Python 3.11 or later', process.platform === 'win32' ? 'python' : 'python3')
    .option('--torch-index <url>', 'package index with the wheels of PyTorch for CPUs')
    .action((options: SetupOptions) => {
      setUpPeers(options);
    });
  command
    .command('data')
    .description('Time the reading of CIFAR-10 shards into float batches.')
    .option('--folder <path>', 'folder of the shards (default: MEANFLOW_CIFAR10)')
    .option('--workers <n>', 'worker threads, and processes of the peer', parseRounds, READING_WORKERS)
    .option('--rounds <n>', 'timed readings of each program', parseRounds, READING_ROUNDS)
    .option('--json <file>', 'write everything that was measured to a file, too')
    .action((options: ReadingCommandOptions) => benchReading(options, terminal));
  command
    .command('browser')
    .description("Time our forward pass and step in Chromium beside other libraries' of the web.")
    .option('--only <names>', 'programs to run, separated by commas', parseBrowserPrograms)
    .option('--engine <names>', `of ${engineNames.join(', ')}`, listOf('engine', engineNames), [
      ...engineNames,
    ])
    .option(
      '--network <names>',
      `of ${browserNetworkNames.join(', ')} (default: digits on WebGPU without a GPU, else small)`,
      listOf('network', browserNetworkNames),
    )
    .option('--case <names>', 'of sampling, meanflow', listOf('case', browserCases), [...browserCases])
    .option('--rounds <n>', 'timed steps of each program', parseRounds, BROWSER_ROUNDS)
    .option('--gpu', "WebGPU on the machine's GPU instead of in software")
    .option('--out <file>', 'write the tables to a file, too')
    .option('--json <file>', 'write everything that was measured to a file, too')
    .action((options: BrowserCommandOptions) => benchBrowser(options, terminal));
  command.command('serve-reading', { hidden: true }).action(() => serveReading());
  command
    .command('evaluation')
    .description('Time metrics beside the packages of their authors.')
    .option(
      '--only <names>',
      `tasks, separated by commas: ${evaluationTaskNames.join(', ')}`,
      listOf('task', evaluationTaskNames),
    )
    .option('--rounds <n>', 'timed runs of each program', parseRounds, EVALUATION_ROUNDS)
    .option('--json <file>', 'write everything that was measured to a file, too')
    .action((options: EvaluationCommandOptions) => benchEvaluation(options, terminal));
  command.command('serve-evaluation', { hidden: true }).action(() => serveEvaluation());
  command
    .command('serve', { hidden: true })
    .argument('<name>')
    .action((name: string) => serve(name));
  return command;
}
