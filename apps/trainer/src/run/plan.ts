import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { runPaths } from '@meanflow/train/node';
import { changesBetween, isFixed } from '../config/changes';
import type { Change } from '../config/changes';
import { applyAssignments, fileConfig, presetConfig, resolveConfig } from '../config/load';
import { show } from '../config/show';
import type { RunConfig } from '../config/schema';
import { setPath } from '../config/setPath';
import type { RawConfig } from '../config/setPath';
import { commandLine } from '../terminal';
import { UserError } from '../userError';
import type { TrainOptions } from './trainOptions';

/** What is to be trained, as far as arguments and configuration say it. */
export interface Plan {
  /** The run's folder. */
  readonly root: string;
  readonly config: RunConfig;
  /** The configuration that the run had until now; null for a new run. */
  readonly saved: RunConfig | null;
  /** Sentences that the user should read. */
  readonly notes: readonly string[];
}

/** `--steps`, `--seed` and `--backend` are short for `--set`. */
function applyFlags(raw: RawConfig, options: TrainOptions): RawConfig {
  const flags = (['steps', 'seed', 'backend'] as const).flatMap((key) => {
    const text = options[key];
    return text === undefined
      ? []
      : [{ path: [key], value: Number.isNaN(Number(text)) || text === '' ? text : Number(text) }];
  });
  return flags.reduce((config, flag) => setPath(config, flag), applyAssignments(raw, options.set ?? []));
}

/** The configuration that --preset or --config names; null if neither is there. */
function namedConfig({ preset, config }: TrainOptions): RawConfig | null {
  if (preset !== undefined && config !== undefined) {
    throw new UserError(
      `--preset and --config exclude each other, got --preset ${preset} and --config ${config}.`,
    );
  }
  if (preset !== undefined) return presetConfig(preset);
  return config === undefined ? null : fileConfig(config);
}

function defaultRoot({ preset, config }: TrainOptions): string | undefined {
  const name = preset ?? (config === undefined ? undefined : basename(config, extname(config)));
  return name === undefined ? undefined : join('runs', name);
}

/** Whether a folder holds a run: its configuration, or a checkpoint of it. */
function holdsRun(root: string): boolean {
  const { config, checkpoints } = runPaths(root);
  return (
    existsSync(config) ||
    (existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.startsWith('step-')))
  );
}

function planNew(root: string, named: RawConfig, options: TrainOptions, notes: readonly string[]): Plan {
  return { root, config: resolveConfig(applyFlags(named, options)), saved: null, notes };
}

function savedConfig(root: string): RunConfig {
  const path = runPaths(root).config;
  if (!existsSync(path))
    throw new UserError(`${root} must hold the config.yaml of its run, but there is none.`);
  return resolveConfig(fileConfig(path));
}

/** Throws if configurations differ in a key that makes a run what it is. */
export function checkSameRun(root: string, saved: RunConfig, wanted: RunConfig, stated?: RawConfig): void {
  const isStated = ({ path }: Change) =>
    stated === undefined || Object.hasOwn(stated, path.split('.')[0] ?? '');
  const conflict = changesBetween(saved, wanted).find((change) => isFixed(change) && isStated(change));
  if (conflict === undefined) return;
  const { path, from, to } = conflict;
  throw new UserError(
    `${path} must stay ${show(from)} on --resume, as in ${root}, got ${show(to)}. Start a new run with another --out for that.`,
  );
}

/** The run's own configuration counts; a preset or file beside it must not be about another run. */
function planResume(root: string, named: RawConfig | null, options: TrainOptions): Plan {
  const saved = savedConfig(root);
  if (named !== null) {
    const stated = applyFlags(named, options);
    checkSameRun(root, saved, resolveConfig(stated), stated);
  }
  const config = resolveConfig(applyFlags(saved, options));
  checkSameRun(root, saved, config);
  return { root, config, saved, notes: [] };
}

/**
 * Works out from the command line what to train: a new run, or one to go on with. It reads files and writes none.
 *
 * @param program How the user calls this program, for the advice in errors.
 * @throws UserError if the arguments or files do not allow it.
 */
export function planRun(options: TrainOptions, program: string): Plan {
  const named = namedConfig(options);
  const root = options.out ?? defaultRoot(options);
  if (root === undefined) {
    const rule =
      options.resume === true
        ? 'needs --out DIR, the folder of the run'
        : 'needs --preset NAME or --config FILE';
    throw new UserError(`train ${rule}. See ${program} train --help.`);
  }
  if (options.resume !== true) {
    if (named === null)
      throw new UserError(`train needs --preset NAME or --config FILE. See ${program} train --help.`);
    if (!holdsRun(root)) return planNew(root, named, options, []);
    const resume = commandLine(program, ['train', '--resume', '--out', root]);
    throw new UserError(
      `${root} holds a run already. Go on with it by "${resume}", or choose another folder with --out.`,
    );
  }
  if (holdsRun(root)) return planResume(root, named, options);
  if (named === null)
    throw new UserError(`--resume needs a run, but ${root} holds none. Start one with --preset or --config.`);
  return planNew(root, named, options, [`${root} holds no run yet: a new one starts.`]);
}
