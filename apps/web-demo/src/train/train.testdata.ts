import type { ImageDataset } from '@meanflow/data';
import type { HostWeights, JsonValue } from '@meanflow/train';
import { checkpointConfig } from '@meanflow/train/run';
import type { ServiceContext } from '../worker/context';
import { createQueue } from '../worker/queue';
import { configOf, defaultChoices } from './choices';
import type { TrainChoices } from './choices';
import type { FileStore } from './fileStore';
import type { StoredRun } from './runFiles';
import type { TrainEvent } from './trainEvents';

/** For tests: files in memory, which can fail. */
export interface MemoryFiles extends FileStore {
  readonly content: Map<string, Uint8Array<ArrayBuffer>>;
  /** Bytes that can be written until writing stops in the middle of a file; null: any number. */
  budget: number | null;
}

/** For tests: what a writer meets that is killed. */
class Killed extends Error {}

export function memoryFiles(): MemoryFiles {
  const content = new Map<string, Uint8Array<ArrayBuffer>>();
  const files: MemoryFiles = {
    content,
    budget: null,
    read: (name) => Promise.resolve(content.get(name)?.slice() ?? null),
    write(name, bytes) {
      const room = files.budget ?? Infinity;
      content.set(name, bytes.slice(0, room));
      if (files.budget !== null) files.budget -= Math.min(room, bytes.length);
      return bytes.length > room
        ? Promise.reject(new DOMException('full', 'QuotaExceededError'))
        : Promise.resolve();
    },
    remove(name) {
      if (files.budget === 0) return Promise.reject(new Killed()); // a dead program removes nothing
      content.delete(name);
      return Promise.resolve();
    },
    names: () => Promise.resolve([...content.keys()]),
  };
  return files;
}

/** For tests: a worker's context over the backend that is active. */
export function testContext(name: 'wasm' | 'cpu' = 'wasm'): ServiceContext {
  return {
    backend: { name, device: 'test', threads: 1, isSoftware: false, notes: [] },
    exclusive: createQueue(),
  };
}

/** For tests: a training of a second or two. */
export const quickChoices: TrainChoices = { ...defaultChoices, batchSize: 8, steps: 6, seed: 5 };

/** For tests: events as they came. */
export interface EventLog {
  readonly events: TrainEvent[];
  readonly listener: (event: TrainEvent) => void;
  /** The first event of a kind that holds, once it is there. */
  until<K extends TrainEvent['kind']>(
    kind: K,
    holds?: (event: Extract<TrainEvent, { kind: K }>) => boolean,
  ): Promise<Extract<TrainEvent, { kind: K }>>;
}

/** For tests: collects events, and waits for one. */
export function eventLog(): EventLog {
  const events: TrainEvent[] = [];
  const waiting: (() => void)[] = [];
  return {
    events,
    listener: (event: TrainEvent) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
    async until<K extends TrainEvent['kind']>(
      kind: K,
      holds: (event: Extract<TrainEvent, { kind: K }>) => boolean = () => true,
    ): Promise<Extract<TrainEvent, { kind: K }>> {
      for (;;) {
        const found = events.find(
          (event): event is Extract<TrainEvent, { kind: K }> =>
            event.kind === kind && holds(event as Extract<TrainEvent, { kind: K }>),
        );
        if (found !== undefined) return found;
        await new Promise<void>((wake) => {
          waiting.push(wake);
        });
      }
    },
  };
}

/** For tests: a run with distinct numbers in every part, whose configuration is the page's. */
export function runAt(step: number): StoredRun {
  const part = (offset: number): HostWeights => ({
    'a.kernel': { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, i) => step + offset + i / 8) },
  });
  const snapshot = {
    ...{ weights: part(0), ema: part(100), m: part(200), v: part(300) },
    ...{ step, skipped: 0, skippedInRow: 0 },
  };
  const info = { name: 'digits', count: 1797, sampleShape: [8, 8, 1], numClasses: 10 };
  const config = configOf(defaultChoices, info, 'wasm');
  const carried = checkpointConfig(config as unknown as Record<string, JsonValue>, info);
  return {
    checkpoint: { snapshot, seed: 0, data: null, config: carried },
    points: [{ step: 1, rawLoss: step, fmLoss: 2, loss: 1, gradNorm: 3, lr: 0.1 }],
    grids: [{ step: 1, shape: [2, 1, 2, 1], pixels: Uint8Array.of(1, 2, 3, step) }],
    classNames: ['one', 'two', 'three'],
  };
}

/** For tests: images of 4 x 4 pixels in colour. */
export function someImages(count: number, numClasses: number, side = 4, channels = 3): ImageDataset {
  return {
    ...{ name: 'images', count, height: side, width: side, channels, numClasses },
    images: Uint8Array.from({ length: count * side * side * channels }, (_, i) => (i * 37) % 256),
    labels: Int32Array.from({ length: count }, (_, i) => (numClasses === 0 ? 0 : i % numClasses)),
    ...(numClasses === 0 ? {} : { classNames: Array.from({ length: numClasses }, (_, i) => `class ${i}`) }),
  };
}

/** For tests: images as a file has them, which does not know the names of the classes. */
export function withoutNames(images: ImageDataset): ImageDataset {
  const entries = Object.entries(images).filter(([key]) => key !== 'classNames');
  return Object.fromEntries(entries) as unknown as ImageDataset;
}
