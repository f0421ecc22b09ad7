import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { UserError } from '../userError';

/** What samples are written as. */
export type TargetKind = 'picture' | 'npz' | 'folder';

const OTHER_FILES = [
  '.jpg',
  '.jpeg',
  '.gif',
  '.webp',
  '.bmp',
  '.tif',
  '.tiff',
  '.svg',
  '.zip',
  '.npy',
  '.pt',
  '.safetensors',
];

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * What a path is meant to become: `.png` a picture, `.npz` arrays, anything else a folder of single pictures.
 *
 * @throws UserError for a kind of file that is not written, and for a folder with files in it.
 */
export function targetKind(path: string): TargetKind {
  const extension = extname(path).toLowerCase();
  if (!isFolder(path)) {
    if (extension === '.png') return 'picture';
    if (extension === '.npz') return 'npz';
    if (OTHER_FILES.includes(extension) || existsSync(path)) {
      throw new UserError(`--out must be a .png file, a .npz file or a folder, got ${path}.`);
    }
  } else if (readdirSync(path).length > 0) {
    throw new UserError(
      `--out must be a new or empty folder, got ${path} with ${readdirSync(path).length} entries.`,
    );
  }
  return 'folder';
}
