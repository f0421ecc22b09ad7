import { createInterface } from 'node:readline';
import { streamBatches } from '@meanflow/data';
import type { BatchStream } from '@meanflow/data';
import { createImageDecoder, openSource } from '@meanflow/data/node';
import type { ReadAnswer, ReadRequest } from './protocol';

const SHUFFLE_BUFFER = 8192;

const meanOf = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length;

/** Opens shards for training: shuffled, half of the images mirrored, as float32 batches. */
async function openReading({ shards, workers, batch }: Extract<ReadRequest, { do: 'open' }>) {
  const source = await openSource(`{${shards.join(',')}}`);
  const decoder = createImageDecoder({ workers });
  const options = { seed: 0, decoder, horizontalFlip: true, shuffleBuffer: SHUFFLE_BUFFER };
  const stream = await streamBatches(source, options);
  let step = 0;
  return {
    async check(images: number): Promise<ReadAnswer> {
      const plain: BatchStream = await streamBatches(source, {
        seed: 0,
        decoder,
        shuffle: false,
        prefetch: 0,
      });
      const { x } = await plain.batchAt(0, images);
      await plain.close();
      return { ms: 0, value: meanOf(x) };
    },
    async read(batches: number): Promise<ReadAnswer> {
      const start = performance.now();
      let value = NaN;
      for (let i = 0; i < batches; i++) {
        const { x } = await stream.batchAt(step++, batch);
        if (i === batches - 1) value = x[0] ?? NaN;
      }
      return { ms: performance.now() - start, value };
    },
  };
}

/** Reads batches as a child of the bench: requests on standard input, answers on standard output. */
export async function serveReading(): Promise<void> {
  const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  say({ ready: true, versions: { 'Node.js': process.versions.node } });
  let reading: Awaited<ReturnType<typeof openReading>> | null = null;
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const request = JSON.parse(line) as ReadRequest;
      if (request.do === 'open') {
        reading = await openReading(request);
        say({ ok: true });
      } else if (reading === null) throw new Error('internal: nothing is open.');
      else if (request.do === 'check') say(await reading.check(request.images));
      else say(await reading.read(request.batches));
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
