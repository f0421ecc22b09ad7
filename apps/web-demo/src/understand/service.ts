import { transfer } from 'comlink';
import type { ServiceContext } from '../worker/context';
import type { Frame, ViewSettings } from './frame';
import type { PlaneSource } from './planeData';
import { createSession } from './session';
import type { Session } from './session';

/** What the tab Understand asks of the worker: one session at a time. */
export interface UnderstandService {
  /**
   * Opens a session, paused at step 0, in the place of the one before; then a frame.
   *
   * @param onFrame Receives frames, at most 20 a second; a proxy of the page's function.
   * @returns The points that are trained on.
   */
  open(
    source: PlaneSource,
    seed: number,
    view: Partial<ViewSettings>,
    onFrame: (frame: Frame) => unknown,
  ): Promise<Float32Array>;
  /** Trains until `pause`; rejected if a step fails. */
  play(): Promise<void>;
  pause(): Promise<void>;
  stepOnce(): Promise<void>;
  /** At most so many steps a second; null: as many as there can be. */
  setSpeed(stepsPerSecond: number | null): void;
  look(view: Partial<ViewSettings>): Promise<void>;
  /** Goes on with other points, which it returns. */
  choose(source: PlaneSource): Promise<Float32Array>;
  reset(seed: number): Promise<void>;
  /** Ends the session, if there is one. */
  close(): Promise<void>;
}

/** The frame, with its numbers moved instead of copied. */
function moved(frame: Frame): Frame {
  return transfer(
    frame,
    Object.values(frame.pictures ?? {}).map(({ buffer }) => buffer as ArrayBuffer),
  );
}

/** The service over a backend. */
export function createUnderstandService({ exclusive }: Pick<ServiceContext, 'exclusive'>): UnderstandService {
  let session: Session | null = null;
  const opened = (): Session => {
    if (session === null) throw new Error('understand: a session must be open. Call open first.');
    return session;
  };
  const close = async () => {
    const last = session;
    session = null;
    await last?.dispose();
  };
  return {
    async open(source, seed, view, onFrame) {
      await close();
      session = createSession({ source, seed, view, exclusive, onFrame: (frame) => onFrame(moved(frame)) });
      await session.look({});
      return session.points.slice();
    },
    play: () => opened().play(),
    pause: () => opened().pause(),
    stepOnce: () => opened().stepOnce(),
    setSpeed: (stepsPerSecond) => {
      opened().setSpeed(stepsPerSecond);
    },
    look: (view) => opened().look(view),
    async choose(source) {
      await opened().choose(source);
      return opened().points.slice();
    },
    reset: (seed) => opened().reset(seed),
    close,
  };
}
