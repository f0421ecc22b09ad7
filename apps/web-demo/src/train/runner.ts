import type { ImageDataset } from '@meanflow/data';
import type { Checkpoint, JsonValue, StepReport, TrainSnapshot } from '@meanflow/train';
import type { ServiceContext } from '../worker/context';
import type { Autosave } from './autosave';
import type { StepNumbers, TrainHistory } from './history';
import { nextTurn } from './pause';
import type { StoredRun } from './runFiles';
import { openSession } from './session';
import type { Session, Shown } from './session';
import type { TrainListener } from './trainEvents';

/** What a runner works with. */
export interface RunnerParts {
  readonly carried: JsonValue;
  /** Borrowed until `close`. */
  readonly dataset: ImageDataset;
  /** Goes on to be written. */
  readonly history: TrainHistory;
  /** Where to go on; null: at step 0. */
  readonly snapshot: TrainSnapshot | null;
  readonly autosave: Autosave;
  readonly exclusive: ServiceContext['exclusive'];
  readonly emit: TrainListener;
}

/** A training that can be run and paused. */
export interface Runner {
  readonly session: Session;
  readonly history: TrainHistory;
  readonly dataset: ImageDataset;
  /** Trains from now on, if it does not already and is not finished. */
  start(): void;
  /** Ends after the step that is being computed. The run is kept then. */
  pause(): Promise<void>;
  show(shown: Shown): Promise<void>;
  /** What it can go on from, between two steps. */
  checkpoint(): Promise<Checkpoint>;
  /** All of it that is worth keeping. */
  stored(): Promise<StoredRun>;
  /** Keeps it. */
  save(): Promise<void>;
  /** Ends it without keeping it, and frees the backend's memory. */
  close(): Promise<void>;
}

const SAVE_MS = 15_000;
const TELL_MS = 100;
const MEMORY = 0.9; // weight of the past in the time of a step
/** Samples are drawn often at first, when they change fast; later every 25 steps. */
const EARLY = [0, 1, 2, 4, 7, 10, 15, 20];
const LATER = 25;
/** Share of the time that drawing may take. */
const DRAW_SHARE = 0.15;

const isDrawn = (step: number) => EARLY.includes(step) || step % LATER === 0;

const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/^[a-zA-Z]\w*: /, '');

const numbersOf = ({ step, loss, logs, gradNorm, lr }: StepReport): StepNumbers => ({
  step,
  rawLoss: logs['rawLoss'] ?? loss,
  fmLoss: logs['fmLoss'] ?? null,
  loss,
  gradNorm,
  lr,
});

/** Whether weights can be what a training has left: a device that is gone reads as zeros. */
function isWhole({ snapshot }: Checkpoint): boolean {
  let isZero = true;
  for (const { data } of Object.values(snapshot.weights)) {
    for (const value of data) {
      if (!Number.isFinite(value)) return false;
      if (value !== 0) isZero = false;
    }
  }
  return !isZero;
}

/**
 * Opens a training on the active backend.
 *
 * @throws RangeError if configuration, data and snapshot do not fit each other.
 */
export async function createRunner(parts: RunnerParts): Promise<Runner> {
  const { carried, dataset, history, snapshot, autosave, exclusive, emit } = parts;
  const session = await exclusive(() => Promise.resolve(openSession(carried, dataset, snapshot)));
  let shown: Shown = { weights: 'ema', nfe: 1 };
  let loop: Promise<void> | null = null;
  let isStopping = false;
  let isClosed = false;
  let savedAt = performance.now();
  let savedStep = -1;
  /** Milliseconds of a step, and of a drawing, lately. */
  let [stepMs, drawMs] = [0, 0];
  let sinceDrawn = 0;
  let untold: StepNumbers[] = [];
  let toldAt = 0;

  const stepsLeft = () => session.config.steps - session.step;

  function tell(isForced: boolean): void {
    const now = performance.now();
    if (untold.length === 0 || (!isForced && now - toldAt < TELL_MS)) return;
    const imagesPerSecond = (session.config.batchSize * 1000) / stepMs;
    const secondsLeft = (stepsLeft() * stepMs) / 1000;
    emit({ kind: 'steps', points: untold, step: session.step, imagesPerSecond, secondsLeft });
    untold = [];
    toldAt = now;
  }

  async function draw(isKept: boolean): Promise<void> {
    const start = performance.now();
    const grid = await exclusive(() => session.draw(shown));
    drawMs = performance.now() - start;
    sinceDrawn = 0;
    if (isKept) history.addGrid(grid);
    emit({ kind: 'samples', grid });
  }

  async function step(): Promise<void> {
    const start = performance.now();
    const report = await exclusive(() => session.train());
    const ms = performance.now() - start;
    stepMs = stepMs === 0 ? ms : MEMORY * stepMs + (1 - MEMORY) * ms;
    sinceDrawn += ms;
    if (report.skipped) {
      emit({
        kind: 'note',
        sentence: `Step ${report.step} was left out: its loss or gradient is not finite.`,
      });
      return;
    }
    const point = numbersOf(report);
    history.addPoint(point);
    untold.push(point);
  }

  const checkpoint = () => exclusive(() => session.checkpoint());

  async function stored(): Promise<StoredRun> {
    const { points, grids } = history;
    // The points reach at least as far as the checkpoint; what lies beyond is cut when it is opened.
    return { checkpoint: await checkpoint(), points, grids, classNames: dataset.classNames ?? [] };
  }

  async function save(): Promise<void> {
    savedAt = performance.now();
    if (isClosed || session.step === savedStep || session.step === 0) return;
    const run = await stored();
    const { step: at } = run.checkpoint.snapshot;
    if (!isWhole(run.checkpoint)) throw new Error('internal: the weights are gone.');
    const images = session.config.data.kind === 'digits' ? null : dataset;
    const result = await autosave.save({ ...run, images });
    if (typeof result === 'string') {
      emit({ kind: 'unsaved', sentence: result });
      return;
    }
    savedStep = at;
    emit({ kind: 'saved', step: at, bytes: result });
  }

  async function trainOn(): Promise<void> {
    if (session.step === 0) await draw(true);
    while (!isStopping && stepsLeft() > 0) {
      await step();
      tell(false);
      // On slow devices fewer are drawn, so that the training is not held up.
      if (isDrawn(session.step) && (session.step < LATER || drawMs < DRAW_SHARE * sinceDrawn))
        await draw(true);
      if (performance.now() - savedAt > SAVE_MS) await save();
      await nextTurn();
    }
    tell(true);
    if (!isClosed && stepsLeft() === 0) await draw(true);
    if (!isClosed) await save();
  }

  async function run(): Promise<void> {
    let failure: string | null = null;
    try {
      await trainOn();
    } catch (error) {
      failure = messageOf(error);
    }
    loop = null;
    if (!isClosed) emit({ kind: 'ended', step: session.step, isFinished: stepsLeft() === 0, failure });
  }

  async function stop(): Promise<void> {
    isStopping = true;
    await loop;
  }

  return {
    session,
    history,
    dataset,
    start() {
      if (loop !== null || isClosed) return;
      isStopping = false;
      savedAt = performance.now();
      loop = run();
    },
    pause: stop,
    async show(next) {
      shown = next;
      if (loop === null) await draw(false);
    },
    checkpoint,
    stored,
    save,
    async close() {
      isClosed = true;
      await stop();
      await exclusive(() => {
        session.dispose();
        return Promise.resolve();
      });
    },
  };
}
