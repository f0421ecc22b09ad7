import { lastLine } from './command';
import type { Finished, Run } from './command';
import type { SelfTestReport } from './selfTest';
import { UserError } from './userError';

/** Marks the line with the result among whatever TensorFlow prints. */
export const RESULT = 'self-test result: ';
export const PROBLEM = 'self-test problem: ';

/**
 * Runs the self-test in a process of its own, which may crash.
 *
 * @param script This program.
 * @throws UserError with what is wrong.
 */
export async function runSelfTest(
  script: string,
  packageFolder: string,
  { verbose, log, run }: { verbose: boolean; log: string; run: Run },
): Promise<SelfTestReport> {
  const finished = await run(process.execPath, [script, 'self-test', packageFolder], {
    log,
    show: verbose ? 'all' : 'nothing',
    env: { TF_CPP_MIN_LOG_LEVEL: verbose ? '0' : '3', NODE_OPTIONS: undefined },
  });
  const line = finished.all.split('\n').find((text) => text.startsWith(RESULT));
  if (finished.code === 0 && line !== undefined)
    return JSON.parse(line.slice(RESULT.length)) as SelfTestReport;
  throw new UserError(`${explainSelfTest(finished, process)} The whole output is in ${log}.`);
}

/** The reason in one sentence, with what to do, out of how the process ended. */
export function explainSelfTest(
  { all, signal, code, failure }: Finished,
  { arch, version }: { arch: string; version: string },
): string {
  if (signal === 'SIGILL')
    return 'The binding crashes (SIGILL): this processor lacks instructions (AVX) that the wheels of TensorFlow are compiled for.';
  if (signal === 'SIGKILL') return 'The self-test was killed, probably for want of memory.';
  if (signal !== null) return `The binding crashes (${signal}).`;
  const problem = all
    .split('\n')
    .find((text) => text.startsWith(PROBLEM))
    ?.slice(PROBLEM.length);
  if (problem === undefined)
    return `The self-test ends with exit code ${failure ?? String(code)}: ${lastLine(all)}.`;
  const glibc = /version `(GLIBC\w*_[\d.]+)' not found/.exec(problem)?.[1];
  if (glibc !== undefined)
    return `This TensorFlow needs ${glibc}, which this system does not have: take an older one with --tensorflow.`;
  const library = /(lib[\w.+-]+): cannot open shared object file/.exec(problem)?.[1];
  if (library !== undefined)
    return `The binding does not find ${library}: TensorFlow was moved or removed after it was compiled. Run this again.`;
  if (
    /tfjs_binding\w*\.node: cannot open|wrong ELF class|invalid ELF header|incompatible architecture|NODE_MODULE_VERSION|different Node\.js version/i.test(
      problem,
    )
  )
    return `The binding was compiled for another Node.js or another processor than ${version} on ${arch}. Run this again.`;
  if (/undefined symbol|symbol not found/i.test(problem))
    return `This TensorFlow lacks a function that the binding calls (${problem.replace(/\.$/, '')}). Take a newer one with --tensorflow.`;
  return `The self-test fails: ${problem.replace(/\.$/, '')}.`;
}
