import { toyNames } from '@meanflow/data';
import type { ToyName } from '@meanflow/data';
import { ditPreset, ditPresetNames } from '@meanflow/dit';
import type { DiTPresetName } from '@meanflow/dit';
import { z } from 'zod';

// Every key of a configuration: its type, range, default and, for the help, what it means. Numbers that JSON cannot hold
// are refused by z.number() itself.

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const horizontalFlip = z.boolean().default(false).describe('mirror each image with probability 1/2');

const digits = z.strictObject({ kind: z.literal('digits'), horizontalFlip });

const mnist = z.strictObject({
  kind: z.literal('mnist'),
  folder: z
    .string()
    .nullable()
    .default(null)
    .describe('folder of the IDX files; null: MEANFLOW_MNIST, the cache, a download'),
  horizontalFlip,
});

const idx = z.strictObject({
  kind: z.literal('idx'),
  images: z.string().describe('IDX file of images, plain or gzip'),
  labels: z.string().nullable().default(null).describe('IDX file of labels; null: none'),
  horizontalFlip,
});

const stored = z.strictObject({
  kind: z.literal('stored'),
  path: z
    .string()
    .min(1)
    .describe('tar shards (folder, pattern, http:, hf:), image folder, .zip, .npz, .npy, latents'),
  size: count.nullable().default(null).describe('side of a square to scale and crop to; null: as stored'),
  channels: z.literal([1, 3]).nullable().default(null).describe('1 grey, 3 colour; null: as the first image'),
  horizontalFlip,
  shuffleBuffer: count.default(8192).describe('samples among which shards are shuffled'),
  workers: z.int().min(0).nullable().default(null).describe('threads that decode; null: as cores allow'),
  onDamage: z.enum(['fail', 'skip']).default('fail').describe('what a damaged sample does'),
  maxSkipped: z.int().min(0).default(100).describe('most damaged samples to skip'),
});

/** The kind of data that a toy distribution is in a configuration. */
export type ToyKind = `toy-${ToyName}`;
const toyKinds = toyNames.map((name): ToyKind => `toy-${name}`);

const toy = z.strictObject({
  kind: z.literal(toyKinds),
  count: count.default(10_000).describe('points in the set'),
  seed: seed.default(0).describe('seed of the points'),
});

const data = z.discriminatedUnion('kind', [digits, mnist, idx, stored, toy]);

const ditShape = ['patchSize', 'depth', 'hiddenSize', 'numHeads'] as const;

/** Either a preset, which becomes its numbers, or the numbers. */
const dit = z
  .strictObject({
    kind: z.literal('dit'),
    preset: z.enum(ditPresetNames).optional().describe('a published size instead of the numbers below'),
    patchSize: count.optional().describe('side of the square that becomes a token'),
    depth: count.optional().describe('blocks'),
    hiddenSize: count.optional().describe('width; divisible by numHeads and by 4'),
    numHeads: count.optional().describe('attention heads'),
    mlpRatio: z.number().positive().default(4).describe('width of the MLP by hiddenSize'),
  })
  .transform(({ preset, ...shape }, context) => {
    const given = ditShape.filter((key) => shape[key] !== undefined);
    const missing = ditShape.filter((key) => shape[key] === undefined);
    if (preset !== undefined && given.length > 0) {
      const fix = `use model={kind: dit, preset: ${preset}}`;
      context.addIssue({
        code: 'custom',
        message: `must stand without ${given.join(', ')}; ${fix}`,
        path: ['preset'],
      });
    }
    for (const key of preset === undefined ? missing : []) {
      context.addIssue({ code: 'custom', message: 'is required unless model.preset is given', path: [key] });
    }
    const {
      patchSize = 0,
      depth = 0,
      hiddenSize = 0,
      numHeads = 0,
    } = preset === undefined ? shape : sizeOf(preset);
    return { kind: shape.kind, patchSize, depth, hiddenSize, numHeads, mlpRatio: shape.mlpRatio };
  })
  .superRefine(({ hiddenSize, numHeads }, context) => {
    const refuse = (rule: string) => {
      context.addIssue({ code: 'custom', message: rule, path: ['hiddenSize'] });
    };
    if (hiddenSize % numHeads !== 0) refuse(`must be divisible by model.numHeads ${numHeads}`);
    else if (hiddenSize % 4 !== 0) refuse('must be divisible by 4');
  });

function sizeOf(preset: DiTPresetName): {
  patchSize: number;
  depth: number;
  hiddenSize: number;
  numHeads: number;
} {
  return ditPreset(preset, { inputSize: 32, channels: 4, numClasses: 0 });
}

const mlp = z.strictObject({
  kind: z.literal('mlp'),
  depth: count.default(3).describe('hidden layers'),
  hiddenSize: count.default(128).describe('width'),
});

const model = z.discriminatedUnion('kind', [dit, mlp]);

const times = z.strictObject({
  distribution: z.enum(['logit-normal', 'uniform']).default('logit-normal').describe('of a single time'),
  mean: z.number().default(-0.4).describe('before the sigmoid, for logit-normal'),
  std: z.number().min(0).default(1).describe('before the sigmoid, for logit-normal'),
});
const labelDropout = share.default(0.1).describe('probability with which a label is dropped');
const eps = z.number().positive().default(0.01).describe('offset in the weight');
const power = z.number().min(0);

const guidance = z
  .strictObject({
    omega: z.number().min(0).default(1).describe('guidance scale, trained in'),
    kappa: z.number().min(0).lt(1).default(0).describe('mixing scale'),
    tStart: share.default(0).describe('guidance applies for t in [tStart, tEnd]'),
    tEnd: share.default(1).describe('see tStart'),
  })
  .nullable()
  .default(null)
  .describe('null: no guidance');

const meanflow = z.strictObject({
  kind: z.literal('meanflow'),
  times: times
    .extend({
      instantFraction: share.default(0.75).describe('share of the batch with r = t, plain flow matching'),
    })
    .prefault({}),
  guidance,
  labelDropout,
  weighting: z
    .strictObject({ p: power.default(1).describe('power of the adaptive weight; 0: none'), eps })
    .prefault({}),
});

const flowMatching = z.strictObject({
  kind: z.literal('flow-matching'),
  times: times.prefault({}),
  guidance,
  labelDropout,
  weighting: z
    .strictObject({ p: power.default(0).describe('power of the adaptive weight; 0: none'), eps })
    .prefault({}),
});

const objective = z.discriminatedUnion('kind', [meanflow, flowMatching]);

const optimizer = z.strictObject({
  lr: z.number().positive().default(1e-4).describe('learning rate of Adam, after the warm-up'),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  eps: z.number().positive().default(1e-8),
  weightDecay: z.number().min(0).default(0),
  schedule: z
    .strictObject({
      kind: z
        .enum(['constant', 'cosine'])
        .default('constant')
        .describe('after the warm-up; cosine ends at 0 at steps'),
      warmupSteps: z.int().min(0).default(0).describe('updates over which the rate rises from 0'),
    })
    .prefault({}),
  clipNorm: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('largest norm of the gradient; null: no clipping'),
  accumulate: count.default(1).describe('parts of a batch, one after the other, to save memory'),
  recompute: z.boolean().default(false).describe('compute blocks of a dit again, to save memory'),
  maxSkips: count.default(5).describe('steps in a row without a finite loss that stop it'),
});

const compile = z.strictObject({
  mode: z.enum(['fused', 'graph', 'xla', 'off']).default('fused').describe('on tensorflow'),
  shards: count.nullable().default(null).describe('parts of a batch side by side; null: as cores allow'),
  bfloat16: z.boolean().default(false).describe('multiply bfloat16 numbers, where it compiles'),
});

/** Where tensors can live, best first. */
export const backendNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** The whole configuration of a run. */
export const configSchema = z
  .strictObject({
    data,
    model,
    objective: objective.prefault({ kind: 'meanflow' }),
    optimizer: optimizer.prefault({}),
    ema: z
      .strictObject({ decay: share.default(0.9999).describe('decay of the averaged weights') })
      .prefault({}),
    batchSize: count.default(128).describe('samples in a step'),
    steps: count.default(10_000).describe('length of the training'),
    seed: seed.default(0).describe('of weights, order of the data, noise and times'),
    backend: z
      .enum(['auto', ...backendNames])
      .default('auto')
      .describe('auto: the best that works here'),
    compile: compile.prefault({}),
    log: z
      .strictObject({ every: count.default(20).describe('steps between two lines of metrics.jsonl') })
      .prefault({}),
    sample: z
      .strictObject({
        every: count.default(500).describe('steps between two pictures'),
        count: count.default(8).describe('pictures in a row, one row a class; toys: points'),
        nfe: count.default(1).describe('network evaluations for each sample'),
      })
      .prefault({}),
    evaluate: z
      .strictObject({
        every: count.nullable().default(null).describe('steps between two evaluations; null: none'),
        count: z.int().min(2).default(1000).describe('images in each'),
        nfe: count.default(1).describe('network evaluations for each image'),
        network: z.string().default('auto').describe('features to compare, as in meanflow eval'),
      })
      .prefault({}),
    checkpoint: z
      .strictObject({
        every: count.default(500).describe('steps between two checkpoints, besides the last'),
        keep: count.default(3).describe('newest checkpoints that stay'),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) => {
      context.addIssue({ code: 'custom', message, path: path.split('.') });
    };
    const { batchSize, optimizer: { accumulate, recompute } } = config; // prettier-ignore
    if (recompute && config.model.kind !== 'dit')
      refuse('optimizer.recompute', `must be false for model.kind ${config.model.kind}, which has no blocks`);
    const { shards } = config.compile;
    if (shards !== null && (batchSize / accumulate) % shards !== 0)
      refuse('compile.shards', `must divide batchSize / optimizer.accumulate ${batchSize / accumulate}`);
    if (batchSize % accumulate !== 0) refuse('optimizer.accumulate', `must divide batchSize ${batchSize}`);
    const { guidance } = config.objective;
    if (guidance !== null && guidance.tEnd < guidance.tStart)
      refuse('objective.guidance.tEnd', `must be at least objective.guidance.tStart ${guidance.tStart}`);
  });

/** A checked configuration with every default filled in. */
export type RunConfig = z.output<typeof configSchema>;
export type DataConfig = RunConfig['data'];
