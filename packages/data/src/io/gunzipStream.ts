/** Unpacks gzip as it arrives. */
export type GunzipStream = (packed: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** The platform's own: in browsers, and in Node where nothing faster is given. */
export async function* gunzipWithStreams(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = packed[Symbol.asyncIterator]();
  const stream = new ReadableStream<BufferSource>({
    async pull(controller) {
      const next = await source.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await source.return?.();
    },
  });
  const reader = stream.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => undefined); // of a stream that failed: its error was thrown above
  }
}

/** Looks at the first bytes, which tell gzip from all others whatever the name says, and unpacks where needed. */
export async function* unpacked(
  pieces: AsyncIterable<Uint8Array>,
  gunzip: GunzipStream,
  onKind?: (compressed: boolean) => void,
): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  const rest: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const value = head.shift();
        return value === undefined ? source.next() : Promise.resolve({ value, done: false });
      },
      return: async () => {
        await source.return?.();
        return { value: undefined, done: true };
      },
    }),
  };
  let [first, second]: (number | undefined)[] = [];
  while (second === undefined) {
    const next = await source.next();
    if (next.done === true) break;
    head.push(next.value);
    for (const byte of next.value.subarray(0, 2)) {
      if (first === undefined) first = byte;
      else second ??= byte;
    }
  }
  const compressed = first === 0x1f && second === 0x8b;
  onKind?.(compressed);
  yield* compressed ? gunzip(rest) : rest;
}
