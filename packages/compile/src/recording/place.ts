/** Frames of the recording itself, whatever file it was bundled into. */
const ownFrames =
  /^at (new )?(Recorder|Tracker|Probe|Place|Object|Proxy|Engine|NodeJSKernelBackend|WebGPUBackend)\b|^at (runTracked|record|whileRecording|withVariablesRestored|fused|mapLeaves)\b|node_modules[\\/]@tensorflow|\(?node:/;

/** Where in the source an operation was called: formatted when it is asked for, since that costs time. */
export class Place {
  private readonly trace = new Error();

  constructor(
    /** The kernel of tfjs that called the operation, e.g. `GatherV2`. */
    readonly kernel: string | null,
  ) {}

  /** The first line outside of tfjs and of this package, e.g. `at step (train.ts:12:3)`; empty if there is none. */
  toString(): string {
    const lines = (this.trace.stack ?? '').split('\n').slice(1);
    return lines.map((line) => line.trim()).find((line) => !ownFrames.test(line)) ?? '';
  }
}
