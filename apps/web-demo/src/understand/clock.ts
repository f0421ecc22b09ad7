/** Calls back while there is something to draw. */
export interface Clock {
  /** Draws for a while, since something has changed. */
  wake(): void;
  /** Whether to draw at all, and whether without end. */
  set(isVisible: boolean, isAnimated: boolean): void;
}

/** At most 30 pictures a second: the rest of the time is for training. */
const frameMs = 32;
/** How long what is drawn needs to come to what is to be drawn. */
const settlingMs = 1200;

/**
 * Makes a clock that stands still.
 *
 * @param draw Gets the time, and the time since it was called last, in milliseconds.
 */
export function createClock(draw: (now: number, passed: number) => void): Clock {
  let isVisible = false;
  let isAnimated = false;
  let awakeUntil = 0;
  let last = 0;
  let pending = 0;

  function tick(now: number): void {
    pending = 0;
    if (now - last >= frameMs - 4) {
      draw(now, Math.min(now - last, 200));
      last = now;
    }
    request();
  }
  function request(): void {
    if (pending !== 0 || !isVisible || !(isAnimated || performance.now() < awakeUntil)) return;
    pending = requestAnimationFrame(tick);
  }
  return {
    wake() {
      awakeUntil = performance.now() + settlingMs;
      request();
    },
    set(visible, animated) {
      isVisible = visible;
      isAnimated = animated;
      request();
    },
  };
}

const [rest, travel, stay] = [250, 1900, 2650];

/** How much of their way particles have gone: they rest, travel, stay, and begin again. */
export function shareOfWay(now: number): number {
  const at = (now % (rest + travel + stay)) - rest;
  const x = Math.min(Math.max(at / travel, 0), 1);
  return x * x * (3 - 2 * x);
}
