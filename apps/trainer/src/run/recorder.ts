import { join } from 'node:path';
import { encodePng } from '@meanflow/train';
import type { RgbImage, StepReport } from '@meanflow/train';
import { openEventFile, openMetricsLog, replaceDurably } from '@meanflow/train/node';
import type { RunPaths } from '@meanflow/train/node';

/** How fast a training goes. */
export interface Pace {
  readonly imagesPerSecond: number;
  /** Share of a step's time in which it waited for its batch. */
  readonly waitShare: number;
}

/** Writes what a training gives, beside its checkpoints. It owns open files and lives until `close`. */
export interface Recorder {
  /** The numbers of a step, to metrics.jsonl and TensorBoard. */
  metrics(report: StepReport, epoch: number, pace: Pace): void;
  /** Values of an evaluation after a step, to metrics.jsonl and TensorBoard. */
  evaluation(step: number, values: Readonly<Record<string, number>>): void;
  /** The samples after a step, as a PNG file and for TensorBoard; returns the file. */
  samples(step: number, picture: RgbImage): string;
  /** The last picture, `samples/final.png`; returns the file. */
  final(picture: RgbImage): string;
  /** Waits until all is on the disk. */
  flush(): void;
  close(): void;
}

function round(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/**
 * Opens the records of a run.
 *
 * @param step Step of the checkpoint that training goes on from, 0 for a new run: what was recorded beyond is removed.
 */
export function openRecorder(paths: RunPaths, step: number): Recorder {
  const log = openMetricsLog(paths.metrics, step);
  const events = openEventFile(paths.root, { firstStep: step + 1 });
  const write = (file: string, picture: RgbImage) => {
    replaceDurably(file, encodePng(picture));
    return file;
  };
  return {
    metrics({ step: at, loss, logs, gradNorm, lr, skipped }, epoch, pace) {
      const numbers = { epoch: round(epoch, 6), loss, ...logs, gradNorm, lr };
      const rate = { imagesPerSecond: round(pace.imagesPerSecond, 4), waitShare: round(pace.waitShare, 3) };
      log.append({ step: at, ...numbers, ...(skipped ? { skipped } : {}), ...rate });
      const tagged = Object.entries({ ...numbers, ...rate }).map(
        ([name, value]) => [`train/${name}`, value] as const,
      );
      events.scalars(at, Object.fromEntries(tagged));
    },
    evaluation(at, values) {
      log.append({ step: at, ...values });
      const tagged = Object.entries(values).map(([name, value]) => [`evaluation/${name}`, value] as const);
      events.scalars(at, Object.fromEntries(tagged));
    },
    samples(at, picture) {
      events.image(at, 'samples', picture);
      return write(paths.sample(at), picture);
    },
    final: (picture) => write(join(paths.root, 'samples', 'final.png'), picture),
    flush() {
      log.flush();
      events.flush();
    },
    close() {
      log.close();
      events.close();
    },
  };
}
