import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeReference } from '@meanflow/eval';
import { replaceDurably } from '@meanflow/train/node';
import { compileOptions } from '@meanflow/train/run';
import * as tf from '@tensorflow/tfjs-core';
import { assertHealthy } from '../backends/backend';
import { startBackend } from '../backends/startBackend';
import { parseMetrics, parseOptions } from '../evaluation/evaluateOptions';
import type { EvaluateOptions } from '../evaluation/evaluateOptions';
import { chooseNetwork, loadNetwork } from '../evaluation/featureNetworks';
import { prepareFeatures } from '../evaluation/featuresOf';
import { measureAll, possibleMetrics } from '../evaluation/measureImages';
import { neighboursPng } from '../evaluation/neighboursPng';
import { writeResult } from '../evaluation/resultFile';
import type { EvaluationFile } from '../evaluation/resultFile';
import { resultTable } from '../evaluation/resultTable';
import { modelSubject, storedSubject } from '../evaluation/subject';
import { openReference } from '../evaluation/subjectReference';
import { announceDownloads } from '../run/download';
import { readTrainedModel } from '../run/trainedModel';
import type { Terminal } from '../terminal';
import { UserError } from '../userError';
import { programVersion } from '../version';

/** `evaluation.json` in the run or here, or the next free name. */
function freePath({ checkpoint }: EvaluateOptions): string {
  const folder = checkpoint ?? '.';
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? 'evaluation.json' : `evaluation-${number}.json`);
    if (!existsSync(path)) return path;
  }
}

/**
 * `meanflow eval`.
 *
 * @returns The exit code.
 * @throws UserError for whatever is wrong with arguments, files or the machine.
 */
export async function evaluate(options: EvaluateOptions, terminal: Terminal): Promise<number> {
  const parsed = parseOptions(options);
  const { checkpoint, images: path } = options;
  const trained = checkpoint === undefined ? null : await readTrainedModel(checkpoint, parsed.which);
  for (const warning of trained?.warnings ?? []) terminal.err(warning);
  if (trained !== null && trained.dataset.sampleShape.length !== 3)
    throw new UserError(`--checkpoint must be a model of images, got one of ${trained.dataset.name}.`);
  const compile = compileOptions(trained?.config.compile ?? { mode: 'fused', shards: null, bfloat16: false });
  const backend = await startBackend(parsed.backend, {
    ...parsed.backendOptions,
    isSharded: compile.eager !== true,
  });
  try {
    const subject =
      trained !== null && checkpoint !== undefined
        ? modelSubject(checkpoint, trained, parsed, backend, terminal)
        : await storedSubject(path ?? '', parsed);
    try {
      const name = chooseNetwork(options.network ?? 'auto', subject.sampleShape, '--network');
      const metrics = parseMetrics(options.metrics, name);
      const { sampleShape } = subject;
      const { resize } = parsed;
      const onProgress = announceDownloads(terminal.out);
      const network = await loadNetwork(name, { weights: options.weights ?? null, onProgress });
      const features = prepareFeatures(network, {
        sampleShape,
        resize,
        compile,
        shards: backend.shards ?? 1,
      });
      try {
        const reference = await openReference(subject, options, parsed, features, terminal);
        if (options.saveReference !== undefined) {
          mkdirSync(dirname(options.saveReference), { recursive: true });
          replaceDurably(options.saveReference, encodeReference(reference.reference));
        }
        const chosen = options.metrics === undefined ? possibleMetrics(metrics, reference) : metrics;
        const { results, settings } = await measureAll(subject, features, reference, chosen, terminal);
        assertHealthy(backend);
        const out = options.out ?? freePath(options);
        const result: EvaluationFile = {
          format: 'meanflow-evaluation',
          version: 1,
          images: subject.description,
          network: { ...features.choices, name: features.network, hash: features.hash },
          reference: { name: reference.name, count: reference.count },
          settings,
          versions: {
            meanflow: programVersion(),
            tfjs: tf.version_core,
            node: process.versions.node,
            backend: `${backend.name} ${backend.version}`,
          },
          results,
        };
        mkdirSync(dirname(out), { recursive: true });
        writeResult(out, result);
        if (options.neighbours !== undefined) {
          const png = await neighboursPng(subject, options.reference, parsed, features, reference);
          mkdirSync(dirname(options.neighbours), { recursive: true });
          replaceDurably(options.neighbours, png);
        }
        terminal.out(resultTable([{ name: checkpoint ?? path ?? '', result }]));
        for (const note of new Set(results.flatMap(({ notes }) => notes))) terminal.out(`Note: ${note}`);
        terminal.out(
          `Written to ${out}${options.neighbours === undefined ? '' : ` and ${options.neighbours}`}`,
        );
        return 0;
      } finally {
        features.dispose();
      }
    } finally {
      await subject.close();
    }
  } finally {
    backend.dispose();
  }
}
