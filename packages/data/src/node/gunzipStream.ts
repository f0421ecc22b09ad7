import { createGunzip } from 'node:zlib';

const OUTPUT_BYTES = 256 * 1024;
const INPUT_BYTES = 64 * 1024;

/**
 * Unpacks gzip with zlib, in a thread of its own while the last piece is used. What could be unpacked before a damage
 * comes out before its error, always the same. Holds what two pieces of 64 KiB unpack to.
 */
export async function* gunzipWithZlib(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  let out: Uint8Array[] = [];
  const state: { failure: Error | null } = { failure: null };
  let waiting: (() => void) | null = null; // for the piece that is being unpacked, or for the end
  const settle = () => {
    waiting?.();
    waiting = null;
  };
  gunzip.on('data', (chunk: Uint8Array) => out.push(chunk));
  gunzip.on('end', settle);
  gunzip.on('error', (error) => {
    state.failure ??= error;
    settle();
  });
  const settled = (begin: () => void) =>
    new Promise<void>((resolve) => {
      if (state.failure !== null) {
        resolve();
        return;
      }
      waiting = resolve;
      begin();
    });
  const taken = () => {
    const done = out;
    out = [];
    return done;
  };
  const write = (piece: Uint8Array) =>
    settled(() =>
      gunzip.write(piece, (error) => {
        if (error) state.failure ??= error;
        settle();
      }),
    );
  try {
    let writing = Promise.resolve();
    for await (const large of packed) {
      for (let at = 0; at < large.length; at += INPUT_BYTES) {
        await writing;
        const done = taken();
        writing = write(large.subarray(at, at + INPUT_BYTES));
        yield* done;
        if (state.failure !== null) break;
      }
      if (state.failure !== null) break;
    }
    await writing;
    await settled(() => gunzip.end());
    yield* taken();
    if (state.failure !== null) throw state.failure;
  } finally {
    gunzip.destroy();
  }
}
