/** Shape of a diffusion transformer. */
export interface DiTConfig {
  /** Height and width of the images or latents, in pixels; one number is a square. Divisible by `patchSize`. */
  inputSize: number | readonly [height: number, width: number];
  /** Channels of the input and of the output. */
  channels: number;
  /** Side of the square patch that becomes one token. */
  patchSize: number;
  /** Number of blocks. */
  depth: number;
  /** Width D of a token; divisible by 4 and by `numHeads`. */
  hiddenSize: number;
  /** Attention heads of a block. */
  numHeads: number;
  /** Width of a block's MLP as a multiple of D, rounded down. Default 4. */
  mlpRatio?: number;
  /** Number of classes; the label `numClasses` stands for no class. 0: the network takes no labels. */
  numClasses: number;
}

/** What follows from a configuration. */
export interface DiTShape {
  height: number;
  width: number;
  /** Rows and columns of tokens. */
  grid: readonly [rows: number, columns: number];
  /** Numbers in a patch, patchSize^2 channels. */
  patchLength: number;
  mlpWidth: number;
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`DiTConfig: ${name} must be an integer of at least ${least}, got ${value}.`);
}

/**
 * Checks a configuration and works out what follows from it.
 *
 * @throws RangeError if a number is not a positive integer (`numClasses` may be 0), `inputSize` is not divisible by
 *   `patchSize`, or `hiddenSize` not by `numHeads` and 4.
 */
export function ditShape(config: DiTConfig): DiTShape {
  const { inputSize, channels, patchSize, depth, hiddenSize, numHeads, mlpRatio = 4, numClasses } = config;
  const [height, width] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  const atLeastOne = { height, width, channels, patchSize, depth, hiddenSize, numHeads };
  for (const [name, value] of Object.entries(atLeastOne)) checkCount(name, value, 1);
  checkCount('numClasses', numClasses, 0);
  if (height % patchSize !== 0 || width % patchSize !== 0) {
    throw new RangeError(
      `DiTConfig: inputSize must be divisible by patchSize ${patchSize}, got ${height} x ${width}. Pad the images or choose another patch.`,
    );
  }
  if (hiddenSize % numHeads !== 0) {
    throw new RangeError(
      `DiTConfig: hiddenSize must be divisible by numHeads ${numHeads}, got ${hiddenSize}.`,
    );
  }
  if (hiddenSize % 4 !== 0) {
    throw new RangeError(
      `DiTConfig: hiddenSize must be divisible by 4, for the sines and cosines of two axes, got ${hiddenSize}.`,
    );
  }
  const mlpWidth = Math.floor(hiddenSize * mlpRatio);
  if (!(mlpWidth >= 1)) throw new RangeError(`DiTConfig: mlpRatio must be positive, got ${mlpRatio}.`);
  return {
    height,
    width,
    grid: [height / patchSize, width / patchSize],
    patchLength: patchSize * patchSize * channels,
    mlpWidth,
  };
}
