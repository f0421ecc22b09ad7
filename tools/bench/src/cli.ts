#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { buildCommand } from './command';

const command = buildCommand({
  out: (text) => process.stdout.write(`${text.trimEnd()}\n`),
  err: (text) => process.stderr.write(`${text.trimEnd()}\n`),
  cli: fileURLToPath(import.meta.url),
});
try {
  await command.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
