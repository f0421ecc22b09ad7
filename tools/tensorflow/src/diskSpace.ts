import { statfsSync } from 'node:fs';
import { UserError } from './userError';

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Checks that a folder's disk has room.
 *
 * @param free Bytes that are free on it.
 * @throws UserError if it has not.
 */
export function assertRoom(folder: string, bytes: number, free: number): void {
  if (free >= bytes) return;
  throw new UserError(
    `TensorFlow needs about ${gigabytes(bytes)} of disk space while it is installed, and the disk of ${folder} has ` +
      `${gigabytes(free)} left. Make room there.`,
  );
}

/** Bytes that are free on a folder's disk for this user. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
