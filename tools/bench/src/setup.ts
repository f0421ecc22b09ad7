import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { environmentFolder, pythonOf } from './programs';

/** What the peers are measured with. */
export const requirements = [
  'jax==0.10.2',
  'torch==2.15.0',
  'tensorflow-cpu==2.21.0',
  'numpy==2.4.6',
] as const;

/** How to set up. */
export interface SetupOptions {
  /** Python that makes the environment, 3.11 or later. */
  readonly python: string;
  /** Index of smaller wheels of PyTorch, without its CUDA libraries. */
  readonly torchIndex?: string;
}

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) throw new Error(`setup: ${command} does not start (${error.message}).`);
  if (status !== 0) throw new Error(`setup: ${command} ${args.join(' ')} failed, see above.`);
}

/** Makes the virtual environment of the peers, or completes it. */
export function setUpPeers({ python, torchIndex }: SetupOptions): void {
  const interpreter = pythonOf(environmentFolder);
  if (!existsSync(interpreter)) run(python, ['-m', 'venv', environmentFolder]);
  const pip = (...args: string[]) => {
    run(interpreter, ['-m', 'pip', 'install', '--disable-pip-version-check', ...args]);
  };
  const isTorch = (name: string) => name.startsWith('torch==');
  if (torchIndex !== undefined) pip('--index-url', torchIndex, ...requirements.filter(isTorch));
  pip(...requirements);
}
