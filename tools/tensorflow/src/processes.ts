import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * How a process was started, with its program and arguments: numbers of processes are used again, so a number alone says
 * nothing. Empty if it is not running, or has ended and nobody has asked yet how.
 */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return process.platform === 'linux' ? '' : askPs(pid);
  }
}

function askPs(pid: number): string {
  const { status, stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
