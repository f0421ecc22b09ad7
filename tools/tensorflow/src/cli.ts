#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { run } from './command';
import { freeBytes } from './diskSpace';
import { thisMachine } from './machine';
import { runCli } from './program';

const line = (text: string) => (text.endsWith('\n') ? text : `${text}\n`);

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: {
    out: (text) => {
      process.stdout.write(line(text));
    },
    err: (text) => {
      process.stderr.write(line(text));
    },
    interactive: process.stdout.isTTY,
  },
  machine: thisMachine(),
  cwd: process.cwd(),
  script: fileURLToPath(import.meta.url),
  run,
  freeBytes,
});
