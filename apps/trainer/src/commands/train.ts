import type { Objective } from '@meanflow/core';
import { openRunDirectory, replaceDurably } from '@meanflow/train/node';
import type { RunDirectory } from '@meanflow/train/node';
import { buildModel, buildObjective, checkpointConfig, countWeights, openState } from '@meanflow/train/run';
import type { Model } from '@meanflow/train/run';
import { stringify } from 'yaml';
import { asDeviceLost, assertHealthy, DeviceLost } from '../backends/backend';
import type { BackendOptions, RunningBackend } from '../backends/backend';
import { backendOptions } from '../backends/backendOptions';
import { startBackend } from '../backends/startBackend';
import type { RunConfig } from '../config/schema';
import { areImages, loadData } from '../data/loadData';
import type { TrainingData } from '../data/loadData';
import { evaluateWhileTraining } from '../evaluation/evaluateWhileTraining';
import type { TrainingEvaluation } from '../evaluation/evaluateWhileTraining';
import { EXIT_INTERRUPTED, watchInterruption } from '../interruption';
import type { Interruption } from '../interruption';
import { showProgress } from '../output/progress';
import { announceDownloads } from '../run/download';
import { picturesFor } from '../run/pictures';
import { planRun } from '../run/plan';
import type { Plan } from '../run/plan';
import { openRecorder } from '../run/recorder';
import { finished, opening, stopped } from '../run/report';
import { findStart } from '../run/resumePoint';
import { trainLoop } from '../run/trainLoop';
import type { TrainOptions } from '../run/trainOptions';
import type { Terminal } from '../terminal';
import { asUserError, UserError, withUserInput } from '../userError';

/** A training whose arguments are fine, whose backend runs and whose data are there: all but its folder. */
interface Setting {
  readonly plan: Plan;
  readonly config: RunConfig;
  readonly data: TrainingData;
  readonly model: Model;
  readonly objective: Objective;
  readonly evaluation: TrainingEvaluation | null;
  readonly backend: RunningBackend;
  readonly interruption: Interruption;
}

/** Takes the run's folder; only one process may train into it. */
function openDirectory(root: string): RunDirectory {
  try {
    return openRunDirectory(root);
  } catch (error) {
    throw asUserError(error, 1);
  }
}

/** Trains, and draws the last picture. */
async function runTraining(setting: Setting, directory: RunDirectory, terminal: Terminal): Promise<number> {
  const { plan, config, data, model, objective, evaluation, backend, interruption } = setting;
  const { info } = data;
  const { checkpoint, notes } = findStart(plan, config, info);
  for (const note of notes) terminal.err(note);
  const state = await withUserInput(() => openState(model, checkpoint, config.seed));
  const recorder = openRecorder(directory, state.step);
  replaceDurably(directory.config, new TextEncoder().encode(stringify(config)));
  terminal.out(opening(config, info, countWeights(model), backend));
  const unit = areImages(info) ? 'images' : 'points';
  const progress = showProgress(terminal, { total: config.steps, first: state.step, unit });
  const start = performance.now();
  try {
    const pictures = picturesFor(data, config);
    const [source, carried] = [await data.training(config.seed), checkpointConfig(config, info)];
    const training = {
      config,
      source,
      model,
      objective,
      state,
      paths: directory,
      recorder,
      pictures,
      evaluation,
      progress,
      carried,
      cores: backend.shards ?? 1,
      assertHealthy: () => {
        assertHealthy(backend);
      },
    };
    const drawn = await trainLoop(training, interruption.signal)
      .catch(async (error: unknown) => {
        throw await asDeviceLost(backend, error);
      })
      .finally(progress.stop);
    if (drawn === null) {
      terminal.out(stopped(terminal.program, directory.root, state.step, config.steps));
      return EXIT_INTERRUPTED;
    }
    const picture = recorder.final(drawn);
    const seconds = (performance.now() - start) / 1000;
    terminal.out(finished(terminal.program, directory.root, config, info, picture, seconds));
    return 0;
  } finally {
    recorder.close();
    state.dispose();
  }
}

/** Loads the data, checks that everything fits, and only then takes the run's folder. */
async function runPlan(plan: Plan, backend: RunningBackend, interruption: Interruption, terminal: Terminal) {
  const config: RunConfig = { ...plan.config, backend: backend.name }; // what auto was
  const onProgress = announceDownloads(terminal.out);
  const data = await loadData(config.data, { signal: interruption.signal, onProgress });
  try {
    const { numClasses } = data.info;
    const model = await withUserInput(() => buildModel(config.model, data.info));
    const objective = await withUserInput(() => buildObjective(config.objective, numClasses));
    const evaluation = await evaluateWhileTraining(data, config, backend.shards ?? 1, terminal);
    try {
      const directory = openDirectory(plan.root);
      try {
        const setting = { plan, config, data, model, objective, evaluation, backend, interruption };
        return await runTraining(setting, directory, terminal);
      } finally {
        directory.close();
      }
    } finally {
      evaluation?.dispose();
    }
  } finally {
    await data.close();
  }
}

/** How often in a row a device may be lost without a new checkpoint in between. */
const MAX_LOSSES = 3;

/**
 * Trains, and starts the backend anew when its device is lost, as a driver's update or a reset does it: the run goes on
 * from its last checkpoint, and so ends where it would have ended.
 */
async function runThroughLosses(
  first: Plan,
  options: BackendOptions,
  interruption: Interruption,
  terminal: Terminal,
): Promise<number> {
  let plan = first;
  for (let losses = 1; ; losses++) {
    const backend = await startBackend(plan.config.backend, options);
    try {
      return await runPlan(plan, backend, interruption, terminal);
    } catch (error) {
      if (!(error instanceof DeviceLost)) throw error;
      if (losses === MAX_LOSSES) {
        throw new UserError(
          `${backend.name} lost its device ${losses} times: ${error.message}. Everything up to the last checkpoint is in ${plan.root}.`,
          1,
        );
      }
      terminal.err(`${backend.name} lost its device (${error.message}): going on from the last checkpoint.`);
      plan = { ...plan, saved: plan.config, notes: [] };
    } finally {
      backend.dispose();
    }
  }
}

/**
 * `meanflow train`.
 *
 * @returns The exit code: 0 at the last step, 130 if it was interrupted.
 * @throws UserError for whatever is wrong with arguments, files or the machine.
 */
export async function train(options: TrainOptions, terminal: Terminal): Promise<number> {
  const flags = backendOptions(options);
  const plan = planRun(options, terminal.program);
  for (const note of plan.notes) terminal.err(note);
  const interruption = watchInterruption(() => {
    const lineEnd = terminal.screen === null ? '' : '\n'; // below the progress bar
    terminal.err(`${lineEnd}Stopping after this step, and saving. Ctrl-C again stops at once.`);
  });
  try {
    const { mode, shards } = plan.config.compile;
    const isSharded = mode !== 'off' && shards !== 1;
    return await runThroughLosses(plan, { ...flags, isSharded }, interruption, terminal);
  } catch (error) {
    if (error === interruption.signal.reason) return EXIT_INTERRUPTED; // of a download
    throw error;
  } finally {
    interruption.dispose();
  }
}
