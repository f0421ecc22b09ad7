import { compareVersions, describeMachine } from './machine';
import type { Machine } from './machine';
import { UserError } from './userError';

/** TensorFlow unless --tensorflow says otherwise: the newest that the binding was tested with. */
export const DEFAULT_TENSORFLOW = '2.21.0';
/** The oldest wheels that carry the library with the C interface, which the binding is linked to. */
const OLDEST_TENSORFLOW = '2.12.0';

/** What to ask pip for. */
export interface WheelPlan {
  /** As pip takes it, e.g. `tensorflow-cpu==2.21.0`. */
  readonly requirement: string;
  /** The extra of the wheel whose packages come too: the libraries of CUDA; null for none. */
  readonly extra: 'and-cuda' | null;
  /** Name of the folder for it, e.g. `tensorflow-cpu-2.21.0`. */
  readonly folder: string;
  /** Free disk space that its installation needs, downloads and what is unpacked together. */
  readonly bytes: number;
}

const GB = 1e9;

/** First versions of Python that each TensorFlow has wheels for, and the last. */
const pythonsOf: readonly { readonly from: string; readonly oldest: string; readonly newest: string }[] = [
  { from: '2.21', oldest: '3.10', newest: '3.13' },
  { from: '2.20', oldest: '3.9', newest: '3.13' },
  { from: '2.16', oldest: '3.9', newest: '3.12' },
  { from: '2.12', oldest: '3.8', newest: '3.11' },
];

/** The versions of Python that a TensorFlow has wheels for; newer ones than we know are taken for like the newest. */
export function pythonRange(tensorflow: string): { oldest: string; newest: string } {
  const known = pythonsOf.find(({ from }) => compareVersions(tensorflow, from) >= 0);
  if (known === undefined) throw new Error(`pythonRange: nothing is known of ${tensorflow}.`);
  return known;
}

/** Whether a TensorFlow has wheels for a version of Python such as `3.11.7`. */
export function suits(python: string, tensorflow: string): boolean {
  const { oldest, newest } = pythonRange(tensorflow);
  const [major = '', minor = ''] = python.split('.');
  const short = `${major}.${minor}`;
  return compareVersions(short, oldest) >= 0 && compareVersions(short, newest) <= 0;
}

function checkVersion(version: string): void {
  if (!/^\d+\.\d+\.\d+((a|b|rc)\d+|\.post\d+)?$/.test(version))
    throw new UserError(
      `--tensorflow: a version such as ${DEFAULT_TENSORFLOW} is expected, not ${version}.`,
      2,
    );
  if (compareVersions(version, OLDEST_TENSORFLOW) < 0)
    throw new UserError(
      `--tensorflow: ${version} is older than ${OLDEST_TENSORFLOW}, the first whose wheels carry what the binding needs.`,
      2,
    );
}

/**
 * Says which wheel suits a machine.
 *
 * @param version Of TensorFlow, e.g. `2.21.0`.
 * @param gpu Whether to take the wheel with the libraries of CUDA.
 * @throws UserError with the reason if there is none, before anything is downloaded.
 */
export function planWheel(machine: Machine, version: string, gpu: boolean): WheelPlan {
  checkVersion(version);
  if (machine.platform === 'linux') return linuxWheel(machine, version, gpu);
  if (machine.platform === 'darwin') return macWheel(machine, version, gpu);
  if (machine.platform === 'win32')
    throw new UserError(
      "TensorFlow's wheels for Windows carry no C library that a binding could be linked to. Run this in WSL 2 " +
        '(wsl --install), where the wheel for Linux works.',
    );
  throw new UserError(`TensorFlow publishes no wheel for ${describeMachine(machine)}.`);
}

function linuxWheel(machine: Machine, version: string, gpu: boolean): WheelPlan {
  const { arch, glibc } = machine;
  if (arch !== 'x64' && arch !== 'arm64')
    throw new UserError(
      `TensorFlow publishes no wheel for ${describeMachine(machine)}, only for x64 and arm64.`,
    );
  if (glibc === null)
    throw new UserError(
      'TensorFlow publishes wheels for Linux with glibc, and the C library here is another one, as in Alpine. ' +
        'Use an image with glibc, e.g. node:22-slim.',
    );
  const needed = compareVersions(version, '2.21') >= 0 ? '2.27' : '2.17';
  if (compareVersions(glibc, needed) < 0)
    throw new UserError(
      `TensorFlow ${version} needs glibc ${needed} or newer, and this system has ${glibc}. Take a newer Linux, or an ` +
        'older TensorFlow with --tensorflow.',
    );
  if (gpu && arch === 'arm64')
    throw new UserError(
      'TensorFlow publishes wheels with CUDA for x64 only. Leave out --gpu, or name a Python with a TensorFlow that was ' +
        'built for this GPU: --use-installed --python PATH.',
    );
  if (gpu) return gpuPlan(version);
  return cpuPlan(arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow', version);
}

function macWheel({ arch }: Machine, version: string, gpu: boolean): WheelPlan {
  if (gpu) throw new UserError('There is no CUDA on macOS. Leave out --gpu.', 2);
  if (arch === 'x64' && compareVersions(version, '2.17') >= 0)
    throw new UserError(
      `TensorFlow ${version} has no wheel for Macs with Intel's processors; the last one that has is 2.16.2. Add ` +
        '--tensorflow 2.16.2, with a Python from 3.9 to 3.12.',
    );
  return cpuPlan('tensorflow', version);
}

function cpuPlan(name: string, version: string): WheelPlan {
  return {
    requirement: `${name}==${version}`,
    extra: null,
    folder: `tensorflow-cpu-${version}`,
    bytes: 2.2 * GB,
  };
}

function gpuPlan(version: string): WheelPlan {
  return {
    requirement: `tensorflow==${version}`,
    extra: 'and-cuda',
    folder: `tensorflow-gpu-${version}`,
    bytes: 10 * GB,
  };
}
