import { transfer } from 'comlink';
import { createBitmapDecoder, loadDigits } from '@meanflow/data';
import type { ImageDataset, ImageDecoder } from '@meanflow/data';
import { checkpointConfig, readRunConfig } from '@meanflow/train/run';
import type { JsonValue } from '@meanflow/train';
import type { ServiceContext } from '../worker/context';
import { openAutosave } from './autosave';
import type { Autosave } from './autosave';
import { configOf, IMAGES_FILE, problemOf } from './choices';
import type { TrainChoices } from './choices';
import { openHistory } from './history';
import type { SampleGrid } from './history';
import { decodeOwnImages, readArrays, sortImages, unpackZips } from './ownImages';
import type { ImageForm, OwnFiles } from './ownImages';
import { encodeRun, looksLikeRun, readRunFiles } from './runFiles';
import type { GivenFile, StoredRun } from './runFiles';
import { infoOf } from './session';
import type { Shown } from './session';
import type { DataSummary, KeptSummary, Opening, RunSummary, TrainListener } from './trainEvents';
import { createRunner } from './runner';
import type { Runner } from './runner';

/** A file that a visitor gave, with its path in the folder that it was dropped in. */
export interface DroppedFile {
  readonly path: string;
  readonly file: Blob;
}

/** What dropped files turned out to be. */
export type Dropped =
  | { readonly kind: 'data'; readonly data: DataSummary }
  | { readonly kind: 'run'; readonly run: RunSummary }
  /** A run whose images are not known yet: they must be dropped too. */
  | { readonly kind: 'wanted'; readonly sentence: string };

/** A run as a file. */
interface RunArchive {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the tab Train asks of the worker. Errors are sentences for the visitor. */
export interface TrainService {
  /**
   * Begins to tell of trainings, and looks for the one of an earlier visit.
   *
   * @param listener Called from now on, and no other any more.
   */
  open(listener: TrainListener): Promise<Opening>;
  /** The next training is on the digits. */
  useDigits(): DataSummary;
  /** Takes files: images for the next training, or a run to go on with. */
  drop(files: readonly DroppedFile[], form: ImageForm): Promise<Dropped>;
  /** Brings the dropped images to another form. */
  reform(form: ImageForm): Promise<DataSummary>;
  /** Begins a training at step 0, paused; one that is open is given up. */
  begin(choices: TrainChoices): Promise<RunSummary>;
  /** Goes on with the training of an earlier visit, paused. */
  resume(): Promise<RunSummary>;
  /** Trains until it is paused or finished; its end is told to the listener. */
  start(): void;
  /** Ends after the step that is being computed, and keeps the training. */
  pause(): Promise<void>;
  /** Which samples are shown from now on; draws them at once if nothing trains. */
  show(shown: Shown): Promise<void>;
  /** Changes the length of the training that is open; it must not run. */
  setSteps(steps: number): Promise<RunSummary>;
  /** Keeps the training as it is now. */
  save(): Promise<void>;
  /** The training as a folder that `meanflow train` goes on with, in a zip archive; null if none is open or kept. */
  archive(): Promise<RunArchive | null>;
  /** Forgets the training of an earlier visit. */
  forget(): Promise<void>;
}

/** What the service is made of; for tests, others than the browser's. */
export interface TrainParts {
  readonly openAutosave: () => Promise<Autosave>;
  readonly decoder: () => ImageDecoder;
}

const browserParts: TrainParts = { openAutosave, decoder: createBitmapDecoder };

const PREVIEW = 40;

/** The first images of a data set. */
function previewOf({ images, count, height, width, channels }: ImageDataset): SampleGrid {
  const shown = Math.min(PREVIEW, count);
  // Spread over the set, whose classes may come one after the other.
  const pixels = new Uint8Array(shown * height * width * channels);
  const size = height * width * channels;
  for (let i = 0; i < shown; i++) {
    const from = Math.floor((i * count) / shown) * size;
    pixels.set(images.subarray(from, from + size), i * size);
  }
  return { step: 0, shape: [shown, height, width, channels], pixels };
}

function summaryOf(dataset: ImageDataset): RunSummary['data'] {
  const { name, count, height, width, channels, numClasses, classNames = [] } = dataset;
  return { name, count, side: [height, width], channels, numClasses, classNames };
}

const dataSummary = (dataset: ImageDataset, note: string | null): DataSummary => ({
  ...summaryOf(dataset),
  preview: previewOf(dataset),
  note,
});

/** Files that were dropped, as they are read when they are needed. */
const given = (files: readonly DroppedFile[]): GivenFile[] =>
  files.map(({ path, file }) => ({
    path,
    read: async () => new Uint8Array(await file.arrayBuffer()),
  }));

/** Whether a data set is the one that a run was trained on, as far as can be told. */
function fits(carried: JsonValue, dataset: ImageDataset): boolean {
  const { dataset: wanted } = readRunConfig(carried, 'the run');
  const found = infoOf(dataset);
  return (
    wanted.count === found.count &&
    wanted.numClasses === found.numClasses &&
    wanted.sampleShape.join() === found.sampleShape.join()
  );
}

/** The form of a run's images. */
function formOf(carried: JsonValue): ImageForm {
  const [side = 1, , channels] = readRunConfig(carried, 'the run').dataset.sampleShape;
  return { side, channels: channels === 1 ? 1 : 3 };
}

/** Refuses runs that this page cannot train. */
function checkRun(carried: JsonValue): void {
  const { config, dataset } = readRunConfig(carried, 'This run');
  const [, , channels = 0] = dataset.sampleShape;
  if (config.model.kind !== 'dit' || ![1, 3].includes(channels)) {
    const shape = dataset.sampleShape.join(' x ');
    throw new Error(
      `This page trains on images of 1 or 3 channels, but this run is on ${dataset.name}, of ${shape}: go on with it by meanflow train.`,
    );
  }
}

/** A sentence about images that a run needs. */
function wantedSentence(carried: JsonValue): string {
  const { name, count, sampleShape, numClasses } = readRunConfig(carried, 'the run').dataset;
  const [height = 0, width = 0, channels = 0] = sampleShape;
  const colour = channels === 1 ? 'grey' : 'colour';
  const classes = numClasses === 0 ? '' : ` in ${numClasses} classes`;
  return `This run was trained on ${name}: drop these ${count} images (${height} x ${width}, ${colour}${classes}) to go on, as files, a folder, a zip, an .npz, or the two IDX files of MNIST.`;
}

/** The sentence of an error, without the name of the function that found it. */
function asSentence(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(message.replace(/^[a-zA-Z]\w*: /, ''), { cause: error });
}

/** Runs a command; what goes wrong becomes a sentence for the visitor. */
async function command<T>(job: () => T | Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw asSentence(error);
  }
}

/** The service over a backend. */
export function createTrainService(context: ServiceContext, parts: TrainParts = browserParts): TrainService {
  let listener: TrainListener = () => undefined;
  const emit: TrainListener = (event) => {
    listener(event);
  };
  let autosave: Promise<Autosave> | null = null;
  const getAutosave = () => (autosave ??= parts.openAutosave());
  let kept: (StoredRun & { images: ImageDataset | null }) | null = null;
  let chosen: ImageDataset = loadDigits();
  let own: OwnFiles | null = null;
  /** A run that waits for its images. */
  let waiting: { found: StoredRun; warnings: readonly string[] } | null = null;
  let runner: Runner | null = null;

  async function close(): Promise<void> {
    const open = runner;
    runner = null;
    await open?.close();
  }

  /** Puts a run on the backend; the one that was open ends. */
  async function openRun(
    carried: JsonValue,
    dataset: ImageDataset,
    stored: StoredRun | null,
    notes: readonly string[],
  ): Promise<RunSummary> {
    await close();
    const opened = await createRunner({
      carried: withBackend(carried),
      dataset,
      history: openHistory(stored ?? {}, stored?.checkpoint.snapshot.step),
      snapshot: stored?.checkpoint.snapshot ?? null,
      autosave: await getAutosave(),
      exclusive: (job) => context.exclusive(job),
      emit,
    });
    runner = opened;
    waiting = null;
    return { ...summaryOfRun(opened, dataset), notes };
  }

  const withBackend = (carried: JsonValue): JsonValue => ({
    ...(carried as Record<string, JsonValue>),
    backend: context.backend.name,
  });

  function summaryOfRun({ session, history }: Runner, dataset: ImageDataset): Omit<RunSummary, 'notes'> {
    const { config, step, weights } = session;
    const { steps, batchSize, seed } = config;
    const data = { ...summaryOf(dataset), name: session.info.name };
    const run = { step, steps, weights, batchSize, seed, data, objective: config.objective.kind };
    return { ...run, lr: config.optimizer.lr, points: history.points, grids: history.grids };
  }

  /** The images of a run; null if they are not here. */
  function imagesOf(carried: JsonValue, images: ImageDataset | null): ImageDataset | null {
    if (readRunConfig(carried, 'This run').config.data.kind === 'digits') return loadDigits();
    if (images !== null && fits(carried, images)) return images;
    return chosen.name !== 'digits' && fits(carried, chosen) ? chosen : null;
  }

  async function dropRun(files: readonly GivenFile[]): Promise<Dropped> {
    const { warnings, images, ...found } = await readRunFiles(files);
    const { config: carried } = found.checkpoint;
    checkRun(carried);
    const dataset = imagesOf(carried, images);
    if (dataset === null) {
      waiting = { found, warnings };
      return { kind: 'wanted', sentence: wantedSentence(carried) };
    }
    return { kind: 'run', run: await openRun(carried, named(dataset, found), found, warnings) };
  }

  /** A data set with the names of its classes, which its file does not have. */
  const named = (dataset: ImageDataset, { classNames }: StoredRun): ImageDataset =>
    classNames.length === dataset.numClasses && classNames.length > 0 ? { ...dataset, classNames } : dataset;

  async function decodeImages(files: readonly GivenFile[], form: ImageForm): Promise<DataSummary> {
    const wanted = waiting === null ? form : formOf(waiting.found.checkpoint.config);
    const arrays = await readArrays(files, wanted);
    if (arrays !== null) {
      own = null;
      chosen = arrays;
      return dataSummary(chosen, null);
    }
    own = sortImages(files);
    return decodeOwn(wanted);
  }

  async function decodeOwn(form: ImageForm): Promise<DataSummary> {
    if (own === null) return dataSummary(chosen, null);
    const decoder = parts.decoder();
    try {
      const { dataset, note } = await decodeOwnImages(own, form, decoder, (done, all) => {
        emit({ kind: 'progress', sentence: `${done} of ${all} images are read.` });
      });
      chosen = dataset;
      return dataSummary(dataset, note);
    } finally {
      await decoder.close();
    }
  }

  async function dropImages(files: readonly GivenFile[], form: ImageForm): Promise<Dropped> {
    const data = await decodeImages(files, form);
    if (waiting === null) return { kind: 'data', data };
    const { found, warnings } = waiting;
    const { config: carried } = found.checkpoint;
    if (!fits(carried, chosen)) {
      const [height, width] = data.side;
      throw new Error(
        `${wantedSentence(carried)} These are ${data.count} of ${height} x ${width} in ${data.numClasses} classes.`,
      );
    }
    return { kind: 'run', run: await openRun(carried, named(chosen, found), found, warnings) };
  }

  function open(): Runner {
    if (runner === null) throw new Error('There is no training yet: begin one first.');
    return runner;
  }

  function keptSummary(): KeptSummary | null {
    if (kept === null) return null;
    const { checkpoint, grids } = kept;
    const { config, dataset } = readRunConfig(checkpoint.config, 'The kept training');
    return {
      step: checkpoint.snapshot.step,
      steps: config.steps,
      objective: config.objective.kind,
      dataName: dataset.name,
      grid: grids.at(-1) ?? null,
      classCount: dataset.numClasses,
    };
  }

  return {
    open: (next) =>
      command(async () => {
        listener = next;
        const { obstacle, load } = await getAutosave();
        const { run, problem } = await load();
        kept = run;
        return { kept: keptSummary(), problems: [obstacle, problem].flatMap((sentence) => sentence ?? []) };
      }),
    useDigits() {
      chosen = loadDigits();
      own = null;
      waiting = null;
      return dataSummary(chosen, null);
    },
    drop: (dropped, form) =>
      command(async () => {
        const files = await unpackZips(given(dropped));
        return looksLikeRun(files) ? dropRun(files) : dropImages(files, form);
      }),
    reform: (form) => command(() => decodeOwn(form)),
    begin: (choices) =>
      command(() => {
        const problem = problemOf(choices);
        if (problem !== null) throw new Error(problem.sentence);
        const info = infoOf(chosen);
        const config = configOf(choices, info, context.backend.name);
        const carried = checkpointConfig(config as unknown as Record<string, JsonValue>, info);
        return openRun(carried, chosen, null, []);
      }),
    resume: () =>
      command(async () => {
        const { run, problem } = await (await getAutosave()).load();
        if (run === null)
          throw new Error(problem ?? 'There is no training of an earlier visit on this device.');
        const { checkpoint, images } = run;
        const dataset = imagesOf(checkpoint.config, images);
        if (dataset === null) throw new Error(wantedSentence(checkpoint.config));
        const notes = problem === null ? [] : [problem];
        return openRun(checkpoint.config, named(dataset, run), run, notes);
      }),
    start() {
      open().start();
    },
    pause: () => command(() => runner?.pause()),
    show: (shown) => command(() => runner?.show(shown)),
    setSteps: (steps) =>
      command(async () => {
        const { session, history, dataset } = open();
        const { snapshot } = await open().checkpoint();
        if (!(Number.isSafeInteger(steps) && steps > snapshot.step))
          throw new Error(
            `The number of steps must be more than the ${snapshot.step} that are done, got ${steps}.`,
          );
        const carried = { ...(session.carried as Record<string, JsonValue>), steps };
        const { points, grids } = history;
        const stored = { checkpoint: { snapshot, seed: 0, data: null, config: carried }, points, grids };
        return openRun(carried, dataset, { ...stored, classNames: dataset.classNames ?? [] }, []);
      }),
    save: () => command(() => runner?.save()),
    archive: () =>
      command(async () => {
        const run = runner === null ? kept : await runner.stored();
        if (run === null) return null;
        const { step } = run.checkpoint.snapshot;
        const { data } = run.checkpoint.config as { data?: { path?: JsonValue } };
        const images = runner === null ? (kept?.images ?? null) : runner.dataset;
        const bytes = encodeRun(run, data?.path === IMAGES_FILE ? images : null);
        return transfer({ name: `meanflow-step-${step}.zip`, bytes }, [bytes.buffer]);
      }),
    forget: () =>
      command(async () => {
        kept = null;
        await (await getAutosave()).clear();
      }),
  };
}
