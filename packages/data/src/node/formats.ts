import { arraysFormat } from './arraysFormat';
import { folderFormat } from './folderFormat';
import type { Format } from './format';
import { idxFormat } from './idxFormat';
import { latentsFormat } from './latentsFormat';
import { webDatasetFormat } from './webDatasetFormat';
import { zipFormat } from './zipFormat';

/** All formats, in the order in which they are tried. */
export const formats: readonly Format[] = [
  webDatasetFormat,
  latentsFormat,
  idxFormat,
  arraysFormat,
  zipFormat,
  folderFormat,
];
