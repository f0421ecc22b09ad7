import type { Task } from './bitmapDecoder.page';
import { createBitmapDecoder } from '../image/createBitmapDecoder';

onmessage = async ({ data: { files, form } }: MessageEvent<Task>) => {
  postMessage(await createBitmapDecoder().decode(files, form));
};
