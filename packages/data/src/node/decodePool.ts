import Piscina from 'piscina';
import type { ImageDecoder, ImageForm } from '../image/imageDecoder';
import type { RawImage } from '../source';
import type { DecodeTask, DecodedTask } from './decodeWorker';

const TASK_IMAGES = 32; // many small images share the cost of a message
const TASK_BYTES = 2 ** 18; // and few large ones spread over the workers

/** Cuts images into tasks. */
function chunksOf(images: readonly Uint8Array[]): Uint8Array[][] {
  const chunks: Uint8Array[][] = [];
  let bytes = Infinity;
  for (const image of images) {
    const last = chunks.at(-1);
    if (last === undefined || last.length === TASK_IMAGES || bytes + image.length > TASK_BYTES) {
      chunks.push([image]);
      bytes = image.length;
    } else {
      last.push(image);
      bytes += image.length;
    }
  }
  return chunks;
}

/** Copies images into one piece of memory: theirs may be a part of something larger, which must stay here. */
function join(images: readonly Uint8Array[], form: ImageForm): DecodeTask {
  const lengths = images.map(({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const image of images) {
    bytes.set(image, at);
    at += image.length;
  }
  return { bytes, lengths, form };
}

function split({ pixels, results }: DecodedTask): (RawImage | string)[] {
  let at = 0;
  return results.map((result) => {
    if (typeof result === 'string') return result;
    const [height, width, channels] = result;
    const part = pixels.subarray(at, (at += height * width * channels));
    return { kind: 'pixels', pixels: part, height, width, channels };
  });
}

/** Lets a limited number of tasks run at a time, in the order in which they came. */
function createGate(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next(); // it takes the place over
    }
  };
}

/**
 * A decoder that runs in worker threads.
 *
 * @param file The worker, built: a path.
 * @param workers Number of threads.
 */
export function createDecodePool(file: string, workers: number): ImageDecoder {
  const pool = new Piscina<DecodeTask, DecodedTask>({
    ...{ filename: file, name: 'decodeTask', minThreads: 0, maxThreads: workers },
    ...{ idleTimeout: 60_000, execArgv: [], recordTiming: false },
  });
  pool.on('error', () => undefined); // of a worker that died: the task that it had fails as well
  const gate = createGate(2 * workers); // one that runs and one that is ready, for each worker
  const running = new Set<Promise<DecodedTask>>();
  let closed = false;

  async function run(task: DecodeTask): Promise<DecodedTask> {
    const result = pool.run(task, { transferList: [task.bytes.buffer as ArrayBuffer] });
    running.add(result);
    try {
      return await result;
    } finally {
      running.delete(result);
    }
  }
  const decodeChunk = (images: readonly Uint8Array[], form: ImageForm, signal?: AbortSignal) =>
    gate(async () => {
      signal?.throwIfAborted();
      if (closed) throw new Error('createImageDecoder: a decoder must be open, got one that was closed.');
      return split(await run(join(images, form)));
    });
  return {
    decode: async (images, form, signal) =>
      (await Promise.all(chunksOf(images).map((chunk) => decodeChunk(chunk, form, signal)))).flat(),
    async close() {
      closed = true;
      await Promise.allSettled(running); // some milliseconds: a thread that is stopped in a task takes its answer along
      await pool.destroy();
    },
  };
}
