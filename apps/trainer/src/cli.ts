#!/usr/bin/env node
import { basename, relative } from 'node:path';
import { runCli } from './program';
import { line } from './terminal';

const LINGER_MS = 3000;

/** How to call this program again: by its name where it is installed, else by its file. */
function programName(): string {
  const script = process.argv[1] ?? 'meanflow';
  return basename(script) === 'meanflow' ? 'meanflow' : `node ${relative(process.cwd(), script)}`;
}

// Whoever reads the output may go away, as `| head` does: a training goes on without.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => {
    process.stdout.write(line(text));
  },
  err: (text) => {
    process.stderr.write(line(text));
  },
  screen: process.stdout.isTTY ? process.stdout : null,
  program: programName(),
});
// A native backend may leave a thread behind that would keep the process for ever.
setTimeout(() => process.exit(), LINGER_MS).unref();
