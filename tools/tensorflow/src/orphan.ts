import { readFileSync, rmSync } from 'node:fs';
import { commandLineOf } from './processes';

/** The file that says which program is running now, beside the log that it writes to. */
export const childFile = (log: string): string => `${log}.child`;

/**
 * Ends a program that was started by a run which has been killed since: pip would go on, and write into the same folder.
 *
 * @param state The folder `.native`: only a program from inside of it is taken for ours, for numbers are used again.
 * @returns Whether there was one.
 */
export function endOrphan(log: string, state: string): boolean {
  try {
    const pid = Number(readFileSync(childFile(log), 'utf8'));
    rmSync(childFile(log), { force: true });
    if (!(pid > 1) || !commandLineOf(pid).includes(state)) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false; // there is none, or it has just ended
  }
}
