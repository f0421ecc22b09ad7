import { lastLine } from './command';
import type { Run } from './command';
import { UserError } from './userError';
import { pythonRange, suits } from './wheel';

/** A Python that runs. */
export interface Python {
  readonly executable: string;
  /** E.g. `3.11.7`. */
  readonly version: string;
  /** Its processor in the names of Node.js, e.g. `x64`. */
  readonly arch: string;
  /** Whether it can make virtual environments with pip in them. */
  readonly hasVenv: boolean;
}

// Python 2 has no importlib.util, and so says no.
const PROBE = [
  'import json, platform, sys',
  'from importlib.util import find_spec',
  'print(json.dumps(dict(executable=sys.executable, version=platform.python_version(), machine=platform.machine(),',
  '  venv=find_spec("venv") is not None and find_spec("ensurepip") is not None)))',
].join('\n');

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** Reads what the probe printed; null if that is something else. */
export function parsePython(printed: string): Python | null {
  try {
    const found = JSON.parse(lastLine(printed)) as Record<'executable' | 'version' | 'machine', string> & {
      venv: boolean;
    };
    const machine = found.machine.toLowerCase();
    return {
      executable: found.executable,
      version: found.version,
      arch: architectures[machine] ?? machine,
      hasVenv: found.venv,
    };
  } catch {
    return null;
  }
}

async function probe(command: string, run: Run): Promise<Python | null> {
  const { code, out } = await run(command, ['-c', PROBE]);
  return code === 0 ? parsePython(out) : null;
}

const COMMANDS = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9'];

const advice = (tensorflow: string) => {
  const { oldest, newest } = pythonRange(tensorflow);
  return `Install Python ${oldest} to ${newest} (apt install python3 python3-venv, dnf install python3, brew install python@${newest}), or name one with --python PATH`;
};

/**
 * The Python that was asked for, else the first on the PATH that TensorFlow has wheels for.
 *
 * @param named `--python`, if it was given.
 * @param tensorflow Version of TensorFlow that wheels are wanted of; null if any Python will do.
 * @throws UserError if there is none.
 */
export async function findPython(
  named: string | undefined,
  tensorflow: string | null,
  run: Run,
): Promise<Python> {
  if (named !== undefined) return namedPython(named, tensorflow, run);
  const unsuitable: Python[] = [];
  for (const command of COMMANDS) {
    const python = await probe(command, run);
    if (python === null) continue;
    if (tensorflow === null || suits(python.version, tensorflow)) return python;
    unsuitable.push(python);
  }
  if (tensorflow === null)
    throw new UserError('There is no Python on the PATH. Name one with --python PATH.');
  const [first] = unsuitable;
  if (first === undefined) throw new UserError(`There is no Python on the PATH. ${advice(tensorflow)}.`);
  throw new UserError(unsuitableSentence(first, tensorflow));
}

async function namedPython(named: string, tensorflow: string | null, run: Run): Promise<Python> {
  const python = await probe(named, run);
  if (python === null)
    throw new UserError(`${named} does not run as Python 3. Name another one with --python PATH.`);
  if (tensorflow !== null && !suits(python.version, tensorflow))
    throw new UserError(unsuitableSentence(python, tensorflow));
  return python;
}

function unsuitableSentence({ version, executable }: Python, tensorflow: string): string {
  const { oldest, newest } = pythonRange(tensorflow);
  return `TensorFlow ${tensorflow} has wheels for Python ${oldest} to ${newest}, and ${executable} is ${version}. ${advice(tensorflow)}.`;
}
