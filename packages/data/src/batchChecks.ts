/** What decides which samples a process reads. */
export interface BatchPlace {
  readonly seed: number;
  readonly rank: number;
  readonly worldSize: number;
}

/** @throws RangeError unless `value` is an integer of at least `least`. */
export function checkInteger(caller: string, name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${caller}: ${name} must be an integer of at least ${least}, got ${value}.`);
  }
}

/** @throws RangeError unless the seed is one and the rank is one of the world. */
export function checkPlace(caller: string, { seed, rank, worldSize }: BatchPlace): void {
  checkInteger(caller, 'seed', seed, 0);
  checkInteger(caller, 'rank', rank, 0);
  checkInteger(caller, 'worldSize', worldSize, 1);
  if (rank >= worldSize) {
    throw new RangeError(`${caller}: rank must be in [0, worldSize), got rank ${rank} of ${worldSize}.`);
  }
}

/** @throws RangeError unless the step is one and the batch can be dealt to all ranks. */
export function checkStep(caller: string, step: number, batchSize: number, worldSize: number): void {
  checkInteger(caller, 'step', step, 0);
  checkInteger(caller, 'batchSize', batchSize, 1);
  checkInteger(caller, 'the last position (step + 1) * batchSize', (step + 1) * batchSize, 1);
  if (batchSize % worldSize !== 0) {
    throw new RangeError(
      `${caller}: batchSize must be a multiple of worldSize ${worldSize}, got ${batchSize}. It is the size over all ranks.`,
    );
  }
}
