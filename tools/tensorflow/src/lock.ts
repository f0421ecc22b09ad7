import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { commandLineOf } from './processes';
import { UserError } from './userError';

/** What stands in the file: who holds the lock, and by what it can be told from a later process of the same number. */
interface Holder {
  readonly pid: number;
  readonly script: string;
}

/** The process that holds a lock; null if it has ended, or nobody holds it. */
function holderOf(file: string): number | null {
  try {
    const { pid, script } = JSON.parse(readFileSync(file, 'utf8')) as Holder;
    return pid !== process.pid && commandLineOf(pid).includes(script) ? pid : null;
  } catch {
    return null;
  }
}

/**
 * Runs `f` while no other process does so with the same file. A lock whose process was killed does not count.
 *
 * @param script By what the command line of this process can be told from others. Default: its program.
 * @throws UserError if another process is at it.
 */
export async function withLock<T>(
  file: string,
  f: () => Promise<T>,
  script: string = basename(process.argv[1] ?? ''), // it may have been named by a relative path
): Promise<T> {
  const busy = (pid: number | null) =>
    new UserError(
      `Process ${pid ?? '?'} is doing this already, for the same project. Wait for it, or end it.`,
    );
  const pid = holderOf(file);
  if (pid !== null) throw busy(pid);
  rmSync(file, { force: true });
  const holder: Holder = { pid: process.pid, script };
  try {
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? busy(holderOf(file)) : error;
  }
  try {
    return await f();
  } finally {
    rmSync(file, { force: true });
  }
}
