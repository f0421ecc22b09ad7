import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Run } from './command';
import { assertRoom } from './diskSpace';
import { readJson, removeFolder, writeWhole } from './files';
import type { Machine } from './machine';
import { explainPip } from './pipError';
import type { Python } from './python';
import { locateTensorflow } from './tensorflow';
import { UserError } from './userError';
import type { WheelPlan } from './wheel';

/** What stands in a virtual environment of ours. */
export interface Environment {
  readonly requirement: string;
  readonly python: { readonly executable: string; readonly version: string };
  /** What pip has installed so far, one whole wheel after the other. */
  readonly installed: readonly string[];
  /** TensorFlow's folder, relative to this one, once everything is installed. */
  readonly tensorflow: string | null;
}

const MARK = 'meanflow-native.json';

/** What lies in a virtual environment that was begun for the same wheel; null if there is none. */
function readEnvironment(folder: string, { requirement }: WheelPlan): Environment | null {
  const mark = readJson(join(folder, MARK)) as Environment | null;
  return mark?.requirement === requirement ? mark : null;
}

/** The TensorFlow of a virtual environment that was finished; null if there is none. */
export function finishedEnvironment(
  folder: string,
  plan: WheelPlan,
): (Environment & { readonly tensorflow: string }) | null {
  const environment = readEnvironment(folder, plan);
  if (environment?.tensorflow == null) return null;
  return { ...environment, tensorflow: join(folder, environment.tensorflow) };
}

/** Everything that an installation needs. */
export interface WheelInstallation {
  readonly plan: WheelPlan;
  readonly python: Python;
  readonly machine: Machine;
  /** The virtual environment. */
  readonly folder: string;
  /** For pip's temporary files: the system's own folder for them may be small, or in memory. */
  readonly scratch: string;
  readonly log: string;
  readonly show: 'nothing' | 'output' | 'all';
  readonly run: Run;
  readonly freeBytes: (folder: string) => number;
}

/**
 * Installs a wheel, and the libraries of CUDA where they are wanted, into a virtual environment. What else TensorFlow in
 * Python consists of is left out: the libraries need none of it. One wheel comes after the other, and each that is there is
 * written down, so that an installation which was broken off goes on with the next.
 *
 * @throws UserError with the reason if that does not work.
 */
export async function installWheel(installation: WheelInstallation): Promise<string> {
  const { plan, python, folder, scratch, run, machine, freeBytes } = installation;
  removeFolder(scratch);
  mkdirSync(scratch, { recursive: true });
  const interpreter = join(folder, machine.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const begun = readEnvironment(folder, plan);
  const goesOn =
    begun?.tensorflow === null && begun.python.executable === python.executable && existsSync(interpreter);
  let environment = goesOn
    ? begun
    : { requirement: plan.requirement, python, installed: [], tensorflow: null };
  if (!goesOn) {
    removeFolder(folder);
    assertRoom(dirname(folder), plan.bytes, freeBytes(dirname(folder)));
    await makeEnvironment(installation);
  }
  const write = (changes: Partial<Environment>) => {
    environment = { ...environment, ...changes };
    const { requirement, installed, tensorflow, python: { executable, version } } = environment; // prettier-ignore
    const mark: Environment = { requirement, python: { executable, version }, installed, tensorflow };
    writeWhole(join(folder, MARK), `${JSON.stringify(mark, null, 2)}\n`);
  };
  const install = async (requirement: string) => {
    if (environment.installed.includes(requirement)) return;
    await pipInstall(installation, interpreter, requirement);
    write({ installed: [...environment.installed, requirement] });
  };
  write({});
  await install(plan.requirement);
  const tensorflow = await locateTensorflow({ ...python, executable: interpreter }, run);
  if (plan.extra !== null) {
    for (const requirement of requirementsOf(dirname(tensorflow), plan.extra)) await install(requirement);
  }
  removeFolder(scratch);
  write({ tensorflow: relative(folder, tensorflow) });
  return tensorflow;
}

async function pipInstall(
  { plan, scratch, log, python, machine, show, run }: WheelInstallation,
  interpreter: string,
  requirement: string,
): Promise<void> {
  // What pip left behind when it was killed is no package to uninstall first: files are written over.
  const options = ['--no-deps', '--ignore-installed', '--only-binary=:all:', '--no-input'];
  const { code, all } = await run(interpreter, ['-m', 'pip', 'install', ...options, requirement], {
    log,
    show,
    env: {
      TMPDIR: scratch,
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_TARGET: undefined,
      PIP_USER: undefined,
      PYTHONPATH: undefined,
    },
  });
  if (code === 0) return;
  throw new UserError(
    explainPip(all, {
      requirement: requirement.split(';')[0] ?? plan.requirement,
      machine,
      python: python.version,
    }),
  );
}

/** What a wheel requires with one of its extras, out of the metadata in its dist-info folder. */
export function requirementsOf(site: string, extra: string): string[] {
  const info = readdirSync(site).find((name) => /^tensorflow-\d[^-]*\.dist-info$/.test(name));
  const metadata = info === undefined ? '' : readFileSync(join(site, info, 'METADATA'), 'utf8');
  return metadata
    .split('\n')
    .map((line) => /^Requires-Dist: ([^;]+?)\s*;\s*extra == ['"]([\w-]+)['"]\s*$/.exec(line))
    .flatMap((match) => (match?.[1] !== undefined && match[2] === extra ? [match[1]] : []));
}

async function makeEnvironment({ python, folder, log, run }: WheelInstallation): Promise<void> {
  const [major = '3', minor = ''] = python.version.split('.');
  const advice = `Install it (apt install python${major}.${minor}-venv, or python3-venv), or name another Python with --python PATH`;
  if (!python.hasVenv)
    throw new UserError(`${python.executable} has no venv or no pip to put into one. ${advice}.`);
  const { code, all } = await run(python.executable, ['-m', 'venv', folder], { log });
  if (code === 0) return;
  if (/No space left on device/i.test(all))
    throw new UserError('The disk is full. Make room, and run the same command again.');
  throw new UserError(`${python.executable} -m venv fails (exit code ${String(code)}). ${advice}.`);
}
