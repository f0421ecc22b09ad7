import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { encodePng } from '../rgbImage';
import type { RgbImage } from '../rgbImage';
import { maskedCrc32c } from './crc32c';
import { bytesField, concatBytes, doubleField, floatField, integerField, stringField } from './protobuf';

/** Writes what TensorBoard shows. It owns an open file and lives until `close`. */
export interface EventWriter {
  /** The file that it writes. */
  readonly path: string;
  /** Adds scalars of one step, by tag, e.g. `{ 'train/loss': 0.9 }`; values that are not finite are shown as such. */
  scalars(step: number, values: Readonly<Record<string, number>>): void;
  /** Adds a picture of one step. */
  image(step: number, tag: string, image: RgbImage): void;
  /** Waits until everything is on the disk. */
  flush(): void;
  close(): void;
}

/** Options of {@link openEventFile}. */
export interface EventFileOptions {
  /** First step that this run will write; what earlier files say of it and of later ones is hidden. Default 0. */
  firstStep?: number;
  /** Seconds since 1970. Default: the system's clock. */
  now?: () => number;
}

const SESSION_START = 1;
const RGB = 3;

/** One record of a TFRecord file: length, CRC of the length, data, CRC of the data; all little-endian. */
function tfRecord(data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(12));
  head.setBigUint64(0, BigInt(data.length), true);
  head.setUint32(8, maskedCrc32c(new Uint8Array(head.buffer, 0, 8)), true);
  const tail = new DataView(new ArrayBuffer(4));
  tail.setUint32(0, maskedCrc32c(data), true);
  return concatBytes([new Uint8Array(head.buffer), data, new Uint8Array(tail.buffer)]);
}

// Field numbers of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
const event = (wallTime: number, step: number, what: Uint8Array) =>
  concatBytes([doubleField(1, wallTime), integerField(2, step), what]);
const fileVersion = (version: string) => stringField(3, version);
const summary = (values: readonly Uint8Array[]) =>
  bytesField(5, concatBytes(values.map((v) => bytesField(1, v))));
const sessionLog = (status: number) => bytesField(7, integerField(1, status));
const scalarValue = (tag: string, value: number) => concatBytes([stringField(1, tag), floatField(2, value)]);
const imageValue = (tag: string, { width, height }: RgbImage, png: Uint8Array) => {
  const fields = [integerField(1, height), integerField(2, width), integerField(3, RGB), bytesField(4, png)];
  return concatBytes([stringField(1, tag), bytesField(4, concatBytes(fields))]);
};

/** Time stamp of a new file: TensorBoard reads files in the order of their names, so it must exceed the others'. */
function nextStamp(folder: string, now: number): number {
  const stamps = readdirSync(folder).map((name) =>
    Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0),
  );
  return Math.max(Math.floor(now), ...stamps.map((stamp) => stamp + 1));
}

/**
 * Opens a new TensorBoard event file in a folder. A run that is resumed opens another one with `firstStep` after its
 * checkpoint: TensorBoard then drops from earlier files what lies at or beyond it.
 *
 * @param folder Where TensorBoard looks; made if it is not there.
 * @throws RangeError if `firstStep` is not a natural number.
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */
export function openEventFile(folder: string, options: EventFileOptions = {}): EventWriter {
  const { firstStep = 0, now = () => Date.now() / 1000 } = options;
  checkStep('openEventFile', firstStep);
  mkdirSync(folder, { recursive: true });
  const stamp = String(nextStamp(folder, now())).padStart(10, '0');
  const path = join(folder, `events.out.tfevents.${stamp}.${hostname()}`);
  const file = openSync(path, 'ax');
  // One write a record: a process that is killed leaves at most its last record in halves, which readers skip.
  const write = (step: number, what: Uint8Array) => {
    const bytes = tfRecord(event(now(), step, what));
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  };
  write(0, fileVersion('brain.Event:2'));
  write(firstStep, sessionLog(SESSION_START));
  return {
    path,
    scalars(step, values) {
      checkStep('scalars', step);
      write(step, summary(Object.entries(values).map(([tag, value]) => scalarValue(tag, value))));
    },
    image(step, tag, image) {
      checkStep('image', step);
      write(step, summary([imageValue(tag, image, encodePng(image))]));
    },
    flush: () => {
      fsyncSync(file);
    },
    close: () => {
      closeSync(file);
    },
  };
}

function checkStep(caller: string, step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new RangeError(`${caller}: step must be a natural number, got ${step}.`);
  }
}
