import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Greeting, ProductAnswer, Request, StepAnswer } from './protocol';

/** A program that runs as a process of its own and answers requests. */
export interface Child {
  readonly pid: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Sends a request and waits; an answer that is an error is thrown. */
  ask(request: Extract<Request, { do: 'step' }>): Promise<StepAnswer>;
  ask(request: Extract<Request, { do: 'product' }>): Promise<ProductAnswer>;
  ask(request: Request): Promise<Answer>;
  /** Stops all its threads until `resume`, so that none of them spins while another program is timed. */
  pause(): void;
  resume(): void;
  /** Ends it, and waits until its memory is free. */
  stop(): Promise<void>;
}

/** Why a program cannot run here. */
export interface Absent {
  readonly absent: string;
  readonly fix?: string;
}

/** How to start a process. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Programs that run now: one that is paused would outlive us. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const canPause = process.platform !== 'win32';
const LAST_WORDS = 5;

/** The lines of a process's output, one at a time. */
function lineReader(input: NodeJS.ReadableStream): () => Promise<string | null> {
  const iterator = createInterface({ input })[Symbol.asyncIterator]();
  return async () => {
    const next = await iterator.next();
    return next.done === true ? null : next.value;
  };
}

/** Keeps the last lines that a process writes to standard error. */
function lastLines(input: NodeJS.ReadableStream): string[] {
  const lines: string[] = [];
  createInterface({ input }).on('line', (line) => {
    lines.push(line);
    if (lines.length > LAST_WORDS) lines.shift();
  });
  return lines;
}

/**
 * Starts a program and waits for its greeting.
 *
 * @returns The program, or why it cannot run here: a missing package or interpreter is no error.
 * @throws Error with its last words, if it ends without a greeting.
 */
export async function startChild({ command, args, env = {} }: Launch): Promise<Child | Absent> {
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  const lastWords = lastLines(child.stderr);
  const read = lineReader(child.stdout);
  const exited = new Promise<void>((resolve) => child.once('close', () => { resolve(); })); // prettier-ignore
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => child.once('error', resolve));
  child.stdin.on('error', () => undefined); // it has ended: the next read says so

  const first = await Promise.race([read(), failed]);
  if (first instanceof Error) return { absent: `${command} does not start (${first.code ?? first.message})` };
  const goneMessage = () => `${args.join(' ')} ended early: ${lastWords.join(' | ') || 'it said nothing'}`;
  if (first === null) throw new Error(goneMessage());
  const greeting = JSON.parse(first) as Greeting;
  if ('absent' in greeting) {
    await exited;
    return greeting;
  }

  const ask = async (request: Request): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await read();
    if (line === null) throw new Error(goneMessage());
    const answer = JSON.parse(line) as Answer;
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  };
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => () => {
    if (canPause) child.kill(name);
  };
  return {
    pid: child.pid ?? 0,
    versions: greeting.versions,
    ask: ask as Child['ask'],
    pause: signal('SIGSTOP'),
    resume: signal('SIGCONT'),
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGKILL'); // a native library may keep a process that has nothing left to do
      await exited;
    },
  };
}
