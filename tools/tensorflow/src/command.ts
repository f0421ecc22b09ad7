import { spawn } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { childFile } from './orphan';

/** What a program did. */
export interface Finished {
  /** Exit code; null if it did not start or a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed to the standard output. */
  readonly out: string;
  /** What it printed to both streams. */
  readonly all: string;
  /** Why it did not start, e.g. `ENOENT`; null if it did. */
  readonly failure: string | null;
}

/** How to run a program. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File that its output is appended to; beside it stands which program runs, see orphan.ts. */
  readonly log?: string;
  /** Where its output goes besides: `output` its standard output as it is, for progress bars, `all` both streams. */
  readonly show?: 'nothing' | 'output' | 'all';
}

/** Runs a program; the promise is never rejected. */
export type Run = (command: string, args: readonly string[], options?: CommandOptions) => Promise<Finished>;

/** Runs a program without a shell and waits for its end. */
export const run: Run = (command, args, { cwd, env = {}, log, show = 'nothing' } = {}) =>
  new Promise((resolve) => {
    const note = (text: string | Buffer) => {
      if (log !== undefined) appendFileSync(log, text);
    };
    note(`\n$ ${[command, ...args].join(' ')}\n`);
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', show === 'output' ? 'inherit' : 'pipe', 'pipe'],
    });
    if (log !== undefined && child.pid !== undefined) writeFileSync(childFile(log), String(child.pid));
    const ended = () => {
      if (log !== undefined) rmSync(childFile(log), { force: true });
    };
    let [out, all] = ['', ''];
    const receive = (chunk: Buffer, target: NodeJS.WriteStream) => {
      note(chunk);
      all += chunk.toString();
      if (show === 'all') target.write(chunk);
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      receive(chunk, process.stdout);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      receive(chunk, process.stderr);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      ended();
      resolve({ code: null, signal: null, out, all, failure: error.code ?? error.message });
    });
    child.on('close', (code, signal) => {
      ended();
      resolve({ code, signal, out, all, failure: null });
    });
  });

/** The last line with something on it. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}
