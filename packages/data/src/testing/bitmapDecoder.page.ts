import type { RawImage } from '../source';
import { createBitmapDecoder } from '../image/createBitmapDecoder';
import type { ImageForm } from '../image/imageDecoder';

/** What a test asks for. */
export interface Task {
  readonly files: Uint8Array<ArrayBuffer>[];
  readonly form: ImageForm;
  /** Whether a worker decodes. */
  readonly inWorker: boolean;
}

/** What the decoder makes of files, in a page or in a worker of it. */
export async function run(task: Task): Promise<readonly (RawImage | string)[]> {
  if (task.inWorker) {
    const worker = new Worker(new URL('./bitmapDecoder.worker.ts', import.meta.url), { type: 'module' });
    return new Promise((done, fail) => {
      worker.onmessage = ({ data }: MessageEvent<(RawImage | string)[]>) => {
        done(data);
      };
      worker.onerror = ({ message }) => {
        fail(new Error(message));
      };
      worker.postMessage(task);
    });
  }
  const decoder = createBitmapDecoder();
  const images = await decoder.decode(task.files, task.form);
  await decoder.close();
  return images;
}
