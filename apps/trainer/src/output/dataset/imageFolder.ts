import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageFile } from './datasetWriter';
import type { DatasetWriter, WriterOptions } from './datasetWriter';

/** Names that keep the order of the classes when they are sorted, as readers of image folders do. */
function folderNames({ numClasses, classNames }: WriterOptions): readonly string[] {
  const sorted = classNames === null ? null : [...classNames].sort();
  if (classNames !== null && sorted?.every((name, i) => name === classNames[i]) === true && classNames.every((name) => /^[\w .-]+$/.test(name))) return classNames; // prettier-ignore
  const width = String(Math.max(0, numClasses - 1)).length;
  return Array.from({ length: numClasses }, (_, i) => String(i).padStart(width, '0'));
}

/** A folder of image files, a folder for each class in it. */
export function imageFolderWriter(options: WriterOptions): DatasetWriter {
  const { path } = options;
  const partial = `${path}.partial`;
  const names = folderNames(options);
  rmSync(partial, { recursive: true, force: true });
  for (const folder of ['', ...names]) mkdirSync(join(partial, folder), { recursive: true });
  let count = 0;
  return {
    add(sample) {
      const { bytes, extension } = imageFile(sample);
      writeFileSync(join(partial, names[sample.label] ?? '', `${String(count++).padStart(9, '0')}.${extension}`), bytes); // prettier-ignore
    },
    finish() {
      renameSync(partial, path);
    },
    abort() {
      rmSync(partial, { recursive: true, force: true });
    },
  };
}
