import { createQueue } from '../worker/queue';
import type { Frame, LossReport, Quality, ViewSettings } from './frame';
import { createPairTraining, pairSettings } from './pairTraining';
import type { PairLosses, PairSettings } from './pairTraining';
import { createObserver } from './pictures';
import { pointsOf } from './planeData';
import type { PlaneSource } from './planeData';

/** How a session begins. */
export interface SessionOptions {
  readonly source: PlaneSource;
  /** Of points, weights, draws and particles. Default 1. */
  readonly seed?: number;
  readonly view?: Partial<ViewSettings>;
  /** How the networks are trained. Default {@link pairSettings}. */
  readonly training?: PairSettings;
  /** Number of particles. Default 512. */
  readonly particles?: number;
  /** Runs a job while no other uses the backend. Default: at once. */
  readonly exclusive?: <T>(job: () => Promise<T>) => Promise<T>;
  /** Receives frames; the next is made when the promise for the last is fulfilled. It must not await the session. */
  readonly onFrame: (frame: Frame) => unknown;
}

/** Two trainings in step, and what is to be seen of them. */
export interface Session {
  /** The points that are trained on, [N, 2] row by row. */
  readonly points: Float32Array;
  readonly step: number;
  /** Trains until `pause`: fulfilled then, rejected if a step fails. While it runs, a second call gives the same promise. */
  play(): Promise<void>;
  /** Stops after the step in progress; then a frame. */
  pause(): Promise<void>;
  /** Pauses and makes one step; then a frame. */
  stepOnce(): Promise<void>;
  /** At most so many steps a second; null: as many as there can be. */
  setSpeed(stepsPerSecond: number | null): void;
  /** Changes what is looked at; a session that is paused answers with a frame. */
  look(view: Partial<ViewSettings>): Promise<void>;
  /** Goes on with other points; then a frame. */
  choose(source: PlaneSource): Promise<void>;
  /** Begins anew with the same points, from weights and draws of a seed; then a frame. It runs on if it ran. */
  reset(seed: number): Promise<void>;
  /** Stops and frees everything. */
  dispose(): Promise<void>;
}

/** Steps are made in bursts of this length, between which other calls are served. */
const burstMs = 30;
/** Shortest time between frames: at most 20 a second. */
const frameMs = 50;
/** Time between frames that nobody looks at. */
const unseenMs = 1000;
/** Shares of the time that pictures and measurements may take, so that most is left for training. */
const pictureShare = 0.2;
const qualityShare = 0.1;
/** Shortest time between measurements. */
const qualityMs = 500;
/** How far back the rate of steps looks. */
const rateMs = 2000;

const defaultView: ViewSettings = { r: 0, t: 1, calls: 1, steps: 32, isWatched: true };

function checkView({ r, t, calls, steps }: ViewSettings): void {
  if (!(r >= 0 && r <= t && t <= 1))
    throw new RangeError(`understand: times must be 0 <= r <= t <= 1, got r = ${r}, t = ${t}.`);
  for (const [name, value] of Object.entries({ calls, steps })) {
    if (!Number.isInteger(value) || value < 1 || value > 128)
      throw new RangeError(`understand: ${name} must be an integer from 1 to 128, got ${value}.`);
  }
}

function checkSpeed(stepsPerSecond: number | null): void {
  if (stepsPerSecond !== null && !(stepsPerSecond > 0))
    throw new RangeError(
      `understand: steps a second must be above 0, got ${stepsPerSecond}. Null is no limit.`,
    );
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** When to do next what took from `start` until now, so that it takes at most a share of the time. */
function nextTime(start: number, share: number, least: number): number {
  const now = performance.now();
  return now + Math.max(least, (now - start) * (1 / share - 1));
}

function meanOf(losses: readonly PairLosses[]): LossReport | null {
  if (losses.length === 0) return null;
  const mean = (name: keyof PairLosses) => losses.reduce((sum, one) => sum + one[name], 0) / losses.length;
  return {
    meanFlow: mean('meanFlow'),
    meanFlowInstant: mean('meanFlowInstant'),
    flowMatching: mean('flowMatching'),
  };
}

/**
 * Starts a session, paused at step 0.
 *
 * @throws RangeError if the points or the view are not valid.
 */
export function createSession(options: SessionOptions): Session {
  const { training: settings = pairSettings, particles = 512, onFrame } = options;
  const exclusive = options.exclusive ?? ((job) => job());
  const inTurn = createQueue(); // a change waits for the steps in progress, and they for it
  let seed = options.seed ?? 1;
  let view: ViewSettings = { ...defaultView, ...options.view };
  checkView(view);

  let observer = createObserver(pointsOf(options.source, seed), seed, particles, settings);
  let training = createPairTraining(observer.points, seed, settings);
  let running: { promise: Promise<void>; isStopping: boolean } | null = null;
  const isStopping = () => running?.isStopping ?? true;
  let speed: number | null = null;
  let losses: PairLosses[] = [];
  let times: { at: number; step: number }[] = [];
  let nextFrame = 0;
  let nextQuality = 0;

  function rate(): number | null {
    const [first, last] = [times[0], times.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return null;
    return (1000 * (last.step - first.step)) / (last.at - first.at);
  }

  async function makeFrame(isRunning: boolean, withQuality: boolean): Promise<Frame> {
    const start = performance.now();
    const pictures = view.isWatched ? await observer.pictures(training.networks, view) : null;
    nextFrame = nextTime(start, pictureShare, view.isWatched ? frameMs : unseenMs);
    let quality: Quality | null = null;
    if (withQuality) {
      const begin = performance.now();
      quality = await observer.quality(training.networks, view);
      nextQuality = nextTime(begin, qualityShare, qualityMs);
    }
    const mean = meanOf(losses);
    losses = [];
    return { step: training.step, isRunning, rate: rate(), losses: mean, pictures, quality };
  }

  /** Only in turn. */
  async function report(isRunning: boolean, withQuality: boolean): Promise<void> {
    await onFrame(await exclusive(() => makeFrame(isRunning, withQuality)));
  }

  async function trainOnce(): Promise<void> {
    losses.push(await training.train());
    const now = performance.now();
    times.push({ at: now, step: training.step });
    times = times.filter(({ at }) => at >= now - rateMs);
  }

  async function burst(): Promise<void> {
    const begin = performance.now();
    await exclusive(async () => {
      do await trainOnce();
      while (speed === null && !isStopping() && performance.now() - begin < burstMs);
    });
    const now = performance.now();
    if (now >= nextFrame) await report(true, now >= nextQuality);
  }

  /** Lets other messages through, and waits as long as the speed asks for. */
  async function rest(begin: number): Promise<void> {
    const left = () => (speed === null ? 0 : begin + 1000 / speed - performance.now());
    do await sleep(Math.min(Math.max(left(), 0), 50));
    while (left() > 0 && !isStopping());
  }

  async function run(): Promise<void> {
    times = [{ at: performance.now(), step: training.step }];
    while (!isStopping()) {
      const begin = performance.now();
      await inTurn(burst);
      await rest(begin);
    }
  }

  function begin(): NonNullable<typeof running> {
    const promise = Promise.resolve()
      .then(run)
      .finally(() => {
        running = null;
      });
    return { promise, isStopping: false };
  }

  async function stop(): Promise<void> {
    if (running === null) return;
    running.isStopping = true;
    await running.promise.catch(() => undefined); // whoever called play is told
    times = [];
  }

  /** Changes something between two steps, and shows it. */
  function change(what: () => void): Promise<void> {
    return inTurn(async () => {
      await exclusive(() => Promise.resolve().then(what));
      losses = [];
      times = [];
      await report(running !== null, true);
    });
  }

  return {
    get points() {
      return observer.points;
    },
    get step() {
      return training.step;
    },
    async play() {
      while (running?.isStopping) await running.promise.catch(() => undefined);
      running ??= begin();
      return running.promise;
    },
    async pause() {
      await stop();
      await inTurn(() => report(false, true));
    },
    async stepOnce() {
      await stop();
      await inTurn(async () => {
        await exclusive(trainOnce);
        times = [];
        await report(false, true);
      });
    },
    setSpeed(stepsPerSecond) {
      checkSpeed(stepsPerSecond);
      speed = stepsPerSecond;
    },
    async look(next) {
      const changed = { ...view, ...next };
      checkView(changed);
      view = changed;
      nextFrame = 0;
      if (running === null) await inTurn(() => report(false, false));
    },
    choose: (source) =>
      change(() => {
        const next = createObserver(pointsOf(source, seed), seed, particles, settings);
        observer.dispose();
        observer = next;
        training.choose(next.points);
      }),
    reset: (next) =>
      change(() => {
        const { points } = observer;
        observer.dispose();
        training.dispose();
        seed = next;
        observer = createObserver(points, seed, particles, settings);
        training = createPairTraining(points, seed, settings);
      }),
    async dispose() {
      await stop();
      await inTurn(() => {
        training.dispose();
        observer.dispose();
        return Promise.resolve();
      });
    },
  };
}
