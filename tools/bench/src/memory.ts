import { readFileSync, writeFileSync } from 'node:fs';

/** Reads a line such as `VmRSS:  1234 kB` of Linux's /proc/PID/status, in MiB; null where there is none. */
function readMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null; // not Linux, or the process has ended
  }
}

/** Memory that a process has now, in MiB; null where that is not known. */
export function residentMiB(pid: number): number | null {
  return readMiB(pid, 'VmRSS');
}

/** The most memory that a process had since `resetPeak`, in MiB; null where that is not known. */
export function peakMiB(pid: number): number | null {
  return readMiB(pid, 'VmHWM');
}

/** Forgets the peak so far: what compiling a step takes is not what the step takes. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // not Linux: there is no peak either
  }
}
