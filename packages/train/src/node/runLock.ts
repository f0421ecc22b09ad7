import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** The right of this process to write into a folder, until `release`. */
export interface RunLock {
  release(): void;
}

interface Holder {
  pid: number;
  host: string;
  /** Tells apart two processes that had the same pid, where the system says when one began. */
  started: string | null;
}

/** Boot and start time of a process, from Linux's /proc; null elsewhere and for a process that is not there. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold spaces
    if (state === 'Z') return 'ended'; // a zombie, which nobody has waited for yet
    return `${boot}:${fields[18] ?? ''}`; // field 22 of proc_pid_stat(5), starttime
  } catch {
    return null;
  }
}

function isRunning({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true; // no way to know
  try {
    process.kill(pid, 0); // sends nothing, only looks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, but another user's
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** The holder as written; null if the file is not whole, undefined if there is none. */
function readHolder(path: string): { text: string; holder: Holder | null } | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return { text, holder: JSON.parse(text) as Holder };
  } catch {
    return { text, holder: null };
  }
}

const WRITING_MS = 10_000; // a lock that is not whole after this time is of a process killed while it wrote it

function isHeld(path: string, holder: Holder | null): boolean {
  if (holder !== null) return isRunning(holder);
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - changed < WRITING_MS;
}

/** Makes the lock file; false if there is one. */
function tryCreate(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock away; if it turns out to be the new lock of a process that was faster, puts it back. */
function removeStale(path: string, staleText: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another process was faster
  }
  const moved = readFileSync(aside, 'utf8');
  if (moved !== staleText) tryCreate(path, moved);
  rmSync(aside);
}

/**
 * Takes the lock of a folder, `folder/run.lock`, so that two processes never train into one run. The lock of a process
 * that is gone (killed, or before a reboot) is taken over.
 *
 * @throws Error if another process holds it, naming its pid and host.
 */
export function acquireRunLock(folder: string): RunLock {
  const path = join(folder, 'run.lock');
  const self: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const text = `${JSON.stringify(self)}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryCreate(path, text)) {
      return {
        release: () => {
          rmSync(path, { force: true });
        },
      };
    }
    const found = readHolder(path);
    if (found === undefined) continue; // released meanwhile
    if (isHeld(path, found.holder)) refuse(folder, found.holder, path);
    removeStale(path, found.text);
  }
  return refuse(folder, readHolder(path)?.holder ?? null, path);
}

function refuse(folder: string, holder: Holder | null, path: string): never {
  const who = holder === null ? 'another process' : `process ${holder.pid} on ${holder.host}`;
  throw new Error(
    `acquireRunLock: one process at a time may train into ${folder}, and ${who} does. If it is gone, delete ${path}.`,
  );
}
