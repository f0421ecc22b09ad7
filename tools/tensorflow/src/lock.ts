import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { UserError } from './userError';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's
  }
}

/** The process that holds a lock; null if it has ended, or nobody holds it. */
function holder(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return pid > 0 && pid !== process.pid && isRunning(pid) ? pid : null;
  } catch {
    return null;
  }
}

/**
 * Runs `f` while no other process does so with the same file. A lock whose process was killed does not count.
 *
 * @throws UserError if another process is at it.
 */
export async function withLock<T>(file: string, f: () => Promise<T>): Promise<T> {
  const pid = holder(file);
  if (pid !== null)
    throw new UserError(
      `Process ${pid} is doing this already, for the same project. Wait for it, or end it.`,
    );
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx');
  writeSync(descriptor, String(process.pid));
  closeSync(descriptor);
  try {
    return await f();
  } finally {
    rmSync(file, { force: true });
  }
}
