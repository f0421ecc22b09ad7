import { Command, CommanderError } from 'commander';
import {
  compareHelp,
  convertHelp,
  doctorHelp,
  evaluateHelp,
  programHelp,
  sampleHelp,
  trainHelp,
} from './help';
import type { EvaluateOptions } from './evaluation/evaluateOptions';
import type { ConvertOptions } from './commands/dataset/convert';
import type { DatasetOptions } from './commands/dataset/openDataset';
import type { SampleOptions } from './commands/sample';
import type { TrainOptions } from './run/trainOptions';
import type { Terminal } from './terminal';
import { UserError } from './userError';
import { programVersion } from './version';

const collect = (value: string, list: readonly string[] = []) => [...list, value];
const backend = 'tensorflow, webgpu, wasm, cpu, or auto: the first of these that works here';

/** The commands; each is loaded when it runs, so that --help answers at once. */
function buildProgram(terminal: Terminal, keysHelp: string, finish: (exitCode: number) => void): Command {
  const program = new Command('meanflow')
    .description('Train and sample one-step generative models (MeanFlow).')
    .version(programVersion())
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .configureHelp({ helpWidth: 110 })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', programHelp);

  program
    .command('train')
    .description('Train a model, or go on with one.')
    .option('--preset <name>', 'a configuration that has a name, see below')
    .option('--config <file>', 'a configuration as a YAML file')
    .option('--out <dir>', 'folder of the run (default: runs/NAME of the preset or file)')
    .option('--steps <n>', 'length of the training, the same as --set steps=N')
    .option('--seed <n>', 'seed of weights, data order and noise, the same as --set seed=N')
    .option('--backend <name>', backend)
    .option('--threads <n>', 'threads of the wasm backend (default: as many as help, at most 8)')
    .option('--device <name>', 'part of the name of the GPU for webgpu (default: the one the driver prefers)')
    .option('--resume', 'go on with the run in --out')
    .option('--set <key=value>', 'change one value of the configuration; may come several times', collect)
    .addHelpText('after', trainHelp(keysHelp))
    .action(async (options: TrainOptions) => {
      const { train } = await import('./commands/train');
      finish(await train(options, terminal));
    });

  program
    .command('sample')
    .description('Draw samples with a trained model.')
    .requiredOption(
      '--checkpoint <dir>',
      "a run, its checkpoints folder, or one checkpoint; a run's newest is taken",
    )
    .requiredOption('--out <path>', 'a .png file, a .npz file or a folder, see below')
    .option('--classes <list>', 'classes such as 0-9 or 3,5,7 (default: all)')
    .option(
      '--count <n>',
      'number of samples in all, spread over the classes (default: 8 a class; 2000 points)',
    )
    .option('--nfe <n>', 'network evaluations for each sample (default: 1)')
    .option('--seed <n>', 'seed of the noise (default: 0)')
    .option('--ema', 'with the averaged weights (default)')
    .option('--raw', 'with the weights as trained')
    .option(
      '--half',
      'multiply in float16, on a GPU over webgpu that can: faster, pixels off by a few of 255',
    )
    .option('--backend <name>', `${backend} (default: auto)`)
    .option('--threads <n>', 'threads of the wasm backend (default: as many as help, at most 8)')
    .option('--device <name>', 'part of the name of the GPU for webgpu (default: the one the driver prefers)')
    .addHelpText('after', sampleHelp)
    .action(async (options: SampleOptions) => {
      const { sample } = await import('./commands/sample');
      finish(await sample(options, terminal));
    });

  program
    .command('eval')
    .description('Measure how near drawn images are to real ones: FID and others.')
    .option('--checkpoint <dir>', 'a run, its checkpoints folder, or one checkpoint, to draw images with')
    .option('--images <path>', 'images that are there: a folder, .zip, .npz or shards')
    .option('--reference <path>', 'images or statistics (.npz) to compare with (default: the training set)')
    .option(
      '--network <name>',
      'inception, inception-ptfid, digits-lenet, ... (default: auto, by the image size)',
    )
    .option(
      '--weights <file>',
      'weights of the Inception network, .pth or .safetensors (default: cache, download)',
    )
    .option('--metrics <list>', 'such as fid,kid (default: all that the network allows)')
    .option('--count <n>', 'images to draw, or to take (default: 50000, or all)')
    .option('--nfe <list>', 'network evaluations for each image, such as 1,2,4 (default: 1)')
    .option('--repeats <n>', 'independent draws; more than one give a 95 % interval (default: 1)')
    .option('--seed <n>', 'seed of the first draw (default: 0)')
    .option('--ema', 'with the averaged weights (default)')
    .option('--raw', 'with the weights as trained')
    .option('--size <n>', 'scale and crop stored images to a square of this side')
    .option(
      '--resize <filter>',
      'for a network of another size: box, bilinear, bicubic, lanczos (default: error)',
    )
    .option('--out <file>', 'the result as JSON (default: evaluation.json in the run, or the next free name)')
    .option('--neighbours <file>', 'a PNG of images beside their nearest neighbours in the reference')
    .option(
      '--save-reference <file>',
      'statistics of the reference as .npz, as pytorch-fid and ADM read them',
    )
    .option('--no-cache', 'compute features of the reference anew')
    .option('--backend <name>', `${backend} (default: auto)`)
    .option('--threads <n>', 'threads of the wasm backend (default: as many as help, at most 8)')
    .option('--device <name>', 'part of the name of the GPU for webgpu (default: the one the driver prefers)')
    .addHelpText('after', evaluateHelp)
    .action(async (options: EvaluateOptions) => {
      const { evaluate } = await import('./commands/evaluate');
      finish(await evaluate(options, terminal));
    });

  program
    .command('compare')
    .description('Put results of eval side by side.')
    .argument('<results...>', 'JSON files that eval wrote')
    .addHelpText('after', compareHelp)
    .action(async (results: string[]) => {
      const { compare } = await import('./commands/compare');
      finish(compare(results, terminal));
    });

  const dataset = program.command('dataset').description('Look at stored data sets, check and convert them.');
  const path = [
    '<path>',
    'shards (folder, pattern, http:, hf:), image folder, .zip, .npz, .npy, IDX, latents',
  ] as const;
  const labels = ['--labels <path>', 'labels of an image folder (CSV, JSON) or of IDX images'] as const;
  const size = ['--size <n>', 'scale and crop images to a square of this side'] as const;
  const channels = ['--channels <n>', '1: grey, 3: colour (default: as stored)'] as const;

  dataset
    .command('info')
    .description('Say what is in a data set.')
    .argument(...path)
    .option(...labels)
    .option('--json', 'for programs')
    .action(async (location: string, options: DatasetOptions & { json?: boolean }) => {
      const { datasetInfo } = await import('./commands/dataset/info');
      finish(await datasetInfo(location, options, terminal));
    });

  dataset
    .command('check')
    .description('Read and decode every sample; ends with 1 if some are damaged, and names them.')
    .argument(...path)
    .option(...labels)
    .action(async (location: string, options: DatasetOptions) => {
      const { datasetCheck } = await import('./commands/dataset/check');
      finish(await datasetCheck(location, options, terminal));
    });

  dataset
    .command('preview')
    .description('Draw a contact sheet, a row for each class.')
    .argument(...path)
    .requiredOption('--out <file>', 'the PNG file')
    .option('--columns <n>', 'images in a row (default: 10)')
    .option(...labels)
    .option(...size)
    .option(...channels)
    .action(async (location: string, options: DatasetOptions & { out: string; columns?: string }) => {
      const { datasetPreview } = await import('./commands/dataset/preview');
      finish(await datasetPreview(location, options, terminal));
    });

  dataset
    .command('convert')
    .description('Write a data set in another format.')
    .argument(...path)
    .requiredOption(
      '--out <path>',
      'a .zip file (as of EDM), a .npz file, or a folder; it must not be there yet',
    )
    .option('--format <name>', 'webdataset, folder, zip or npz (default: by --out; a folder gets shards)')
    .option('--shard-size <n>', 'samples in a shard (default: 10000)')
    .option('--skip-damaged', 'leave damaged samples out (default: fail)')
    .option(...labels)
    .option(...size)
    .option(...channels)
    .addHelpText('after', convertHelp)
    .action(async (location: string, options: ConvertOptions) => {
      const { datasetConvert } = await import('./commands/dataset/convert');
      finish(await datasetConvert(location, options, terminal));
    });

  program
    .command('doctor')
    .description('Say what this machine can use, how fast it is, and what is missing.')
    .option('--json', 'for programs')
    .addHelpText('after', doctorHelp)
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('./commands/doctor');
      finish(await doctor(options, terminal));
    });
  return program;
}

/** An error of the operating system, such as a full disk. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** Prints an error in the way that its cause deserves; returns the exit code. */
function reportError(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
  if (error instanceof UserError) {
    for (const sentence of error.message.split('\n')) terminal.err(`error: ${sentence}`);
    return error.exitCode;
  }
  if (isSystemError(error)) {
    terminal.err(`error: ${error.message}.`);
    return 1;
  }
  terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.err(
    'error: this is a bug of meanflow, not a mistake of yours. Please report it with the lines above.',
  );
  return 1;
}

/**
 * Runs the command line.
 *
 * @param args Arguments without `node` and the script.
 * @returns The exit code: 0 done, 2 wrong usage or input, 1 any other failure, 130 interrupted. It never throws.
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = 0;
  try {
    const wantsKeys = args.includes('train') && args.some((arg) => ['--help', '-h', 'help'].includes(arg));
    const keys = wantsKeys ? (await import('./config/help')).keysHelp() : '';
    const program = buildProgram(terminal, keys, (code) => { exitCode = code; }); // prettier-ignore
    if (args.length === 0) {
      terminal.out(program.helpInformation() + programHelp);
      return 2;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, terminal);
  }
}
