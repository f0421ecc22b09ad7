#!/usr/bin/env node
import { Argument, Command, CommanderError } from 'commander';
import type { ConvertOptions } from './convert';
import type { TrainFeaturesOptions } from './training/trainFeatures';
import type { RecipeName } from './training/recipes';

const say = (line: string) => process.stdout.write(`${line}\n`);
const program = new Command('meanflow-evaluation')
  .description('Makes the weights files of the feature networks.')
  .exitOverride();

program
  .command('train-features')
  .description('Train a small feature network by its recipe, and write its weights file.')
  .addArgument(new Argument('<data>').choices(['digits', 'mnist', 'cifar10']))
  .option(
    '--data <folder>',
    'folder of MNIST or of the CIFAR-10 shards (default: MEANFLOW_MNIST, MEANFLOW_CIFAR10)',
  )
  .option('--out <folder>', 'folder for the weights file', 'packages/eval/weights')
  .option('--checkpoint <file>', 'keep the state there after each epoch, and go on from it')
  .action(async (data: RecipeName, options: TrainFeaturesOptions) => {
    const { startTensorflow } = await import('./startTensorflow');
    const { trainFeatures } = await import('./training/trainFeatures');
    await startTensorflow();
    await trainFeatures(data, options, say);
  });

program
  .command('convert-inception')
  .description('Convert the public weights of the FID network to safetensors, checked by their hash.')
  .argument('<file>', 'pt_inception-2015-12-05-6726825d.pth')
  .requiredOption('--out <file>', 'the safetensors file')
  .option('--allow-other-weights', 'take weights of another hash; what they give is no FID')
  .action(async (file: string, options: ConvertOptions) => {
    const { convert } = await import('./convert');
    await convert(file, options);
    say(`wrote ${options.out}`);
  });

program
  .command('embed')
  .description('Write weights files as modules, which is how they travel in the package.')
  .argument('<files...>', 'safetensors files')
  .option('--out <folder>', 'folder for the modules', 'packages/eval/src/networks/weights')
  .action(async (files: string[], { out }: { out: string }) => {
    const { embed } = await import('./embed');
    for (const file of files) say(`wrote ${embed(file, out)}`);
  });

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
