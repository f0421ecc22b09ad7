import { presets } from './config/presets';

const exitCodes = `
Exit codes:
  0    done
  1    failed for a reason outside the arguments (a full disk, a loss that is not finite) or by a bug of ours
  2    wrong usage, configuration or input
  130  stopped by Ctrl-C or SIGTERM, after saving`;

function presetLines(): string {
  return Object.entries(presets)
    .map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}`)
    .join('\n');
}

export const programHelp = `
Examples:
  $ meanflow doctor                                   what this machine can use
  $ meanflow train --preset digits                    trains a model; the run is in runs/digits
  $ meanflow sample --checkpoint runs/digits --out digits.png
  $ meanflow train --resume --out runs/digits --steps 2000
  $ meanflow eval --checkpoint runs/digits --count 5000

Each command has its own --help.
${exitCodes}`;

/** @param keys Lines about the configuration's keys. */
export function trainHelp(keys: string): string {
  return `
Presets:
${presetLines()}

Examples:
  $ meanflow train --preset digits --out runs/digits
  $ meanflow train --preset toy-moons --steps 500 --set optimizer.lr=0.002 --set log.every=10
  $ meanflow train --preset digits --set 'objective={kind: flow-matching}' --out runs/fm
  $ meanflow train --config my.yaml --backend wasm
  $ meanflow train --resume --out runs/digits                  goes on where it was stopped
  $ meanflow train --resume --out runs/digits --steps 2000     goes on beyond its end

The run's folder:
  config.yaml                 the whole configuration; usable with --config
  metrics.jsonl               one line every log.every steps; watch rawLoss, for the weighted loss stays near 1
  events.out.tfevents.*       the same and the samples for TensorBoard
  samples/step-00000500.png   one row a class, always from the same noise; samples/final.png at the end
  checkpoints/step-00000500/  model, ema and optimizer as safetensors with the configuration, state.json

Resuming:
  A run goes on from its newest whole checkpoint, on cpu and wasm byte by byte as if it had not been stopped, also after
  kill -9. Its configuration comes from its config.yaml. --set may change optimizer, ema, log, sample, checkpoint, steps
  and backend; data, model, objective, batchSize and seed stay.

Configuration, for YAML files and --set path.to.key=value; values are YAML:
${keys}
${exitCodes}`;
}

export const sampleHelp = `
What --out becomes:
  x.png      one picture: a row for each class; points as a scatter plot over the data
  x.npz      NumPy arrays: images uint8 [N, H, W, C] (points float32 [N, 2]) and, with classes, labels int32 [N]
  a folder   one PNG file for each image, 00012-class3.png; it must be new or empty

Examples:
  $ meanflow sample --checkpoint runs/digits --out grid.png
  $ meanflow sample --checkpoint runs/digits --classes 0-4,7 --count 60 --seed 3 --out grid.png
  $ meanflow sample --checkpoint runs/digits/checkpoints/step-00000500 --raw --nfe 4 --out grid.png
  $ meanflow sample --checkpoint runs/digits --count 10000 --out samples.npz
${exitCodes}`;

export const evaluateHelp = `
What is compared:
  Features of a network, of drawn images and of a reference. Values of different networks, counts or references have
  nothing to do with each other; the result names all of them. The small networks inside the program (digits-lenet,
  mnist-lenet, ...) are for images of their own kind: "FID (mnist-lenet)" is no Inception FID.
  Drawn images are uint8 by clip(127.5 x + 128), their classes in turn. Features of a training set are computed once and
  kept in the cache folder.

Examples:
  $ meanflow eval --checkpoint runs/mnist
  $ meanflow eval --checkpoint runs/mnist --nfe 1,2,4 --count 10000 --repeats 3 --out mnist.json
  $ meanflow eval --images samples.npz --reference real/ --network mnist-lenet
  $ meanflow eval --checkpoint runs/mnist --metrics fid --neighbours neighbours.png
${exitCodes}`;

export const compareHelp = `
Says what makes results incomparable, and ends with 1 then.

Example:
  $ meanflow compare meanflow.json flow-matching.json
${exitCodes}`;

export const convertHelp = `
Without --size and --channels image files are copied as they are.

Examples:
  $ meanflow dataset convert 'train-{00000..00004}.tar.gz' --out cifar10.zip
  $ meanflow dataset convert photos/ --size 256 --out shards --shard-size 2000
  $ meanflow dataset convert photos/ --size 28 --channels 1 --out photos.npz
${exitCodes}`;

export const doctorHelp = `
--json prints an object with meanflow, node {version, platform, arch}, cpu {model, cores}, memory {totalBytes, freeBytes},
auto (what --backend auto takes) and backends, a list of {name, available, version, device, threads, software, gflops,
missing, fix}.
${exitCodes}`;
