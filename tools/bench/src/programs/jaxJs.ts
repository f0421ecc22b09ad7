import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defaultDevice, init } from '@jax-js/jax';
import type { Absent } from '../child';
import type { StepProgram } from '../stepProgram';
import { jaxJsStep } from './jaxJsStep';

function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const main = require.resolve(name);
  const text = readFileSync(new URL('../package.json', `file://${main}`), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The step in jax-js on WebAssembly: one thread, for it uses workers of the web alone. */
export async function startJaxJs(): Promise<StepProgram | Absent> {
  await init('wasm');
  defaultDevice('wasm');
  return {
    versions: { 'jax-js': versionOf('@jax-js/jax'), threads: '1' },
    setup: (name, inputs) => Promise.resolve(jaxJsStep(name, inputs)),
  };
}
