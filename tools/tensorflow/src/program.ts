import { Command, CommanderError } from 'commander';
import { bringNative } from './bringNative';
import type { Surroundings } from './bringNative';
import type { NativeOptions } from './configuration';
import { PROBLEM, RESULT } from './runSelfTest';
import { removeNative } from './removeNative';
import { selfTest } from './selfTest';
import type { Terminal } from './terminal';
import { messageOf, UserError } from './userError';
import { programVersion } from './version';
import { DEFAULT_TENSORFLOW } from './wheel';

function buildProgram(surroundings: Surroundings): Command {
  const { terminal, cwd } = surroundings;
  const program = new Command('meanflow-native')
    .description(
      'Brings a current TensorFlow under @tensorflow/tfjs-node: installs it with pip into .native in the project, compiles ' +
        "the binding's own sources against it, and tests the result.",
    )
    .version(programVersion())
    .option('--project <dir>', 'project with the node_modules in question (default: the nearest one above)')
    .option('--tensorflow <version>', `version of TensorFlow (default: ${DEFAULT_TENSORFLOW})`)
    .option('--gpu', 'the wheel with the libraries of CUDA: several GB')
    .option('--no-gpu', 'the wheel for the CPU again')
    .option('--python <path>', 'Python to install with (default: the first that suits)')
    .option(
      '--use-installed',
      'compile against the TensorFlow that --python, or the first Python, has already',
    )
    .option('--nodedir <dir>', "folder with Node's headers in include/node (default: wherever they are)")
    .option('--remove', 'undo everything')
    .option('--verbose', 'show what pip, the compiler and TensorFlow print')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .configureHelp({ helpWidth: 110 })
    .exitOverride()
    .action(async (options: NativeOptions) => {
      if (options.remove === true) await removeNative(options, terminal, cwd);
      else await bringNative(options, surroundings);
    });
  // Runs in a process of its own, for a wrong binding crashes.
  program.command('self-test <package>', { hidden: true }).action((folder: string) => {
    try {
      terminal.out(RESULT + JSON.stringify(selfTest(folder)));
    } catch (error) {
      throw new UserError(PROBLEM + (messageOf(error).split('\n')[0] ?? ''));
    }
  });
  return program;
}

/** An error of the operating system, such as a full disk. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function reportError(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  if (error instanceof UserError) {
    terminal.err(error.message.startsWith(PROBLEM) ? error.message : `error: ${error.message}`);
    return error.exitCode;
  }
  if (isSystemError(error)) {
    const advice = error.code === 'ENOSPC' ? ' Make room, and run the same command again.' : '';
    terminal.err(`error: ${error.message}.${advice}`);
    return 1;
  }
  terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.err(
    'error: this is a bug of meanflow-native, not a mistake of yours. Please report it with the lines above.',
  );
  return 1;
}

/**
 * Runs the command line.
 *
 * @param args Arguments without `node` and the script.
 * @returns The exit code: 0 done, 2 wrong usage, 1 any other failure. It never throws.
 */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await buildProgram(surroundings).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, surroundings.terminal);
  }
}
