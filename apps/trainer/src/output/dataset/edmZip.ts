import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Zip, ZipPassThrough } from 'fflate';
import { imageFile } from './datasetWriter';
import type { DatasetWriter, WriterOptions } from './datasetWriter';

const IN_A_FOLDER = 1000;
const MOST_BYTES = 2 ** 32 - 2 ** 24; // a zip without its 64-bit extension, which is not written here

/** A zip as the tools of StyleGAN and EDM write it: images, not compressed again, and `dataset.json` with the labels. */
export function edmZipWriter({ path, numClasses }: WriterOptions): DatasetWriter {
  const partial = `${path}.partial`;
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(partial, 'w');
  let written = 0;
  const zip = new Zip((error, bytes) => {
    if (error !== null) throw error;
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    written += bytes.length;
  });
  const append = (name: string, bytes: Uint8Array) => {
    const entry = new ZipPassThrough(name);
    entry.mtime = new Date(1980, 0, 1); // so that equal data give equal files
    zip.add(entry);
    entry.push(bytes, true);
  };
  const labels: [string, number][] = [];
  let count = 0;
  return {
    add(sample) {
      const { bytes, extension } = imageFile(sample);
      if (written + bytes.length > MOST_BYTES || count >= 65_000) {
        throw new Error(
          `convert: a zip must stay below 4 GB and 65,000 images, got ${count + 1} images. Likely fix: write WebDataset shards instead, a folder with --format webdataset.`,
        );
      }
      const folder = String(Math.floor(count / IN_A_FOLDER)).padStart(5, '0');
      const name = `${folder}/img${String(count++).padStart(8, '0')}.${extension}`;
      append(name, bytes);
      labels.push([name, sample.label]);
    },
    finish() {
      append(
        'dataset.json',
        new TextEncoder().encode(JSON.stringify({ labels: numClasses === 0 ? null : labels })),
      );
      zip.end();
      closeSync(file);
      renameSync(partial, path);
    },
    abort() {
      closeSync(file);
      rmSync(partial, { force: true });
    },
  };
}
