import { flowMatching, meanFlow } from '@meanflow/core';
import type { Objective } from '@meanflow/core';
import { decodeSafetensors } from '@meanflow/safetensors';
import type { SafetensorsFile } from '@meanflow/safetensors';
import { checkWeights, decodeWeights } from '@meanflow/train';
import type { HostWeights, JsonValue } from '@meanflow/train';
import { buildModel, countWeights } from '@meanflow/train/run';
import type { DatasetInfo, Model, ModelConfig, ObjectiveConfig } from '@meanflow/train/run';

/** A model on the host. */
export interface ReadModel {
  readonly kind: ObjectiveConfig['kind'];
  readonly dataset: DatasetInfo;
  readonly model: Model;
  readonly objective: Objective;
  readonly weights: HostWeights;
  readonly weightCount: number;
  /** Training step of the weights; null if the file does not say. */
  readonly step: number | null;
}

type Group = Readonly<Record<string, JsonValue>>;

function isGroup(value: JsonValue | undefined): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error))
    .replace(/^[A-Za-z]\w*: /, '')
    .replace(/\.$/, '');
}

function show(value: JsonValue | undefined): string {
  return value == null ? 'nothing' : JSON.stringify(value);
}

function refuse(name: string, problem: string): never {
  throw new Error(`${name} does not fit: ${/[.?]$/.test(problem) ? problem : `${problem}.`}`);
}

function count(name: string, group: Group, key: string, least = 1): number {
  const value = group[key];
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  return refuse(name, `${key} in its configuration must be a whole number, got ${show(value)}`);
}

function readDataset(name: string, config: Group): DatasetInfo {
  const { dataset } = config;
  if (!isGroup(dataset))
    refuse(name, 'its configuration names no data set, so it is no checkpoint of meanflow train');
  const { sampleShape } = dataset;
  const isShape =
    Array.isArray(sampleShape) && sampleShape.every((size) => Number.isSafeInteger(size) && Number(size) > 0);
  if (!isShape) refuse(name, `the shape of its samples must be whole numbers, got ${show(sampleShape)}`);
  return {
    name: typeof dataset['name'] === 'string' ? dataset['name'] : 'unnamed data',
    count: count(name, dataset, 'count', 0),
    sampleShape: sampleShape as readonly number[],
    numClasses: count(name, dataset, 'numClasses', 0),
  };
}

function readModelConfig(name: string, config: Group): ModelConfig {
  const { model } = config;
  const kind = isGroup(model) ? model['kind'] : undefined;
  if (!isGroup(model) || kind !== 'dit')
    return refuse(name, `its network must be a dit, which draws images, got ${show(kind)}`);
  const of = (key: string) => count(name, model, key);
  const { mlpRatio = 4 } = model;
  if (typeof mlpRatio !== 'number') refuse(name, `mlpRatio must be a number, got ${show(mlpRatio)}`);
  return {
    kind,
    patchSize: of('patchSize'),
    depth: of('depth'),
    hiddenSize: of('hiddenSize'),
    numHeads: of('numHeads'),
    mlpRatio,
  };
}

/** Only the way of sampling matters here: what the objective was trained with has done its work. */
function readObjective(
  name: string,
  { objective }: Group,
  numClasses: number,
): { kind: ObjectiveConfig['kind']; objective: Objective } {
  const kind = isGroup(objective) ? objective['kind'] : undefined;
  if (kind === 'meanflow') return { kind, objective: meanFlow({ numClasses }) };
  if (kind === 'flow-matching') return { kind, objective: flowMatching({ numClasses }) };
  return refuse(name, `its objective must be meanflow or flow-matching, got ${show(kind)}`);
}

const FLOATS: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/** Checks the file itself, before anything of it is used. */
function checkFile(name: string, bytes: Uint8Array): void {
  let file: SafetensorsFile;
  try {
    file = decodeSafetensors(bytes);
  } catch (error) {
    refuse(name, messageOf(error));
  }
  if (file.metadata['config'] === undefined)
    refuse(
      name,
      'it has no configuration in its metadata, which meanflow train writes into every weights file',
    );
  for (const [tensor, { dtype }] of Object.entries(file.tensors)) {
    if (!FLOATS.includes(dtype)) refuse(name, `${tensor} must be one of ${FLOATS.join(', ')}, got ${dtype}`);
  }
  if (Object.keys(file.tensors).some((tensor) => tensor.startsWith('m.xEmbedder')))
    refuse(name, 'it is what an optimizer remembers, so take ema.safetensors or model.safetensors beside it');
}

/**
 * Reads a model out of the bytes of a weights file.
 *
 * @param name Where they are from, for messages.
 * @throws Error with one sentence that says why it does not fit: not safetensors, truncated, no configuration, another
 *   network, weights of another shape or kind of number.
 */
export function readModel(bytes: Uint8Array, name: string): ReadModel {
  checkFile(name, bytes);
  const { config, metadata, weights } = decodeWeightsOf(name, bytes);
  if (!isGroup(config)) refuse(name, 'its configuration must be a group of keys and values');
  const dataset = readDataset(name, config);
  if (dataset.sampleShape.length !== 3)
    refuse(name, `this page draws images, and it is for the points of ${dataset.name}`);
  const modelConfig = readModelConfig(name, config);
  const { kind, objective } = readObjective(name, config, dataset.numClasses);
  try {
    const model = buildModel(modelConfig, dataset);
    checkWeights(model.parameters, weights, 'the file');
    const step = Number(metadata['step'] ?? NaN);
    return {
      ...{ kind, dataset, model, objective, weights, weightCount: countWeights(model) },
      step: Number.isSafeInteger(step) ? step : null,
    };
  } catch (error) {
    return refuse(name, messageOf(error));
  }
}

function decodeWeightsOf(name: string, bytes: Uint8Array): ReturnType<typeof decodeWeights> {
  try {
    return decodeWeights(bytes);
  } catch (error) {
    return refuse(name, messageOf(error));
  }
}
