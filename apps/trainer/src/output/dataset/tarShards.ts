import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { imageFile } from './datasetWriter';
import type { DatasetWriter, WriterOptions } from './datasetWriter';

const BLOCK = 512;

/** The header of a regular file in ustar format; names here are short. */
function tarHeader(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => {
    block.set(new TextEncoder().encode(text), at);
  };
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0'); // no time, so that equal data give equal files
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\x0000');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** A folder of WebDataset shards, `000000.tar` and so on: each sample an image file and, with classes, a `.cls` file. */
export function tarShardsWriter({ path, numClasses, classNames, shardSize }: WriterOptions): DatasetWriter {
  const partial = `${path}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  let [count, shards] = [0, 0];
  let shard: number | null = null; // open file
  const append = (name: string, bytes: Uint8Array) => {
    if (shard === null) return;
    const padding = new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    for (const part of [tarHeader(name, bytes.length), bytes, padding]) {
      for (let done = 0; done < part.length;) done += writeSync(shard, part, done);
    }
  };
  const closeShard = () => {
    if (shard === null) return;
    const end = new Uint8Array(2 * BLOCK);
    for (let done = 0; done < end.length;) done += writeSync(shard, end, done);
    closeSync(shard);
    shard = null;
  };
  return {
    add(sample) {
      if (count % shardSize === 0) {
        closeShard();
        shard = openSync(join(partial, `${String(shards++).padStart(6, '0')}.tar`), 'w');
      }
      const key = String(count++).padStart(9, '0');
      const { bytes, extension } = imageFile(sample);
      append(`${key}.${extension}`, bytes);
      if (numClasses > 0) append(`${key}.cls`, new TextEncoder().encode(String(sample.label)));
    },
    finish() {
      closeShard();
      if (classNames !== null) writeFileSync(join(partial, 'classes.txt'), `${classNames.join('\n')}\n`);
      renameSync(partial, path);
    },
    abort() {
      if (shard !== null) closeSync(shard);
      rmSync(partial, { recursive: true, force: true });
    },
  };
}
