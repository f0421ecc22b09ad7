import type { JsonValue } from '../json';
import type {
  CompileConfig,
  DatasetInfo,
  GuidanceConfig,
  ModelConfig,
  ObjectiveConfig,
  OptimizerConfig,
  RunConfig,
  TimesConfig,
  WeightingConfig,
} from './runConfig';

/** A rule that a value of a configuration must obey: in words, and as a test. */
interface Rule<T> {
  readonly says: string;
  readonly holds: (value: unknown) => value is T;
}

const numberRule = (says: string, holds: (x: number) => boolean): Rule<number> => ({
  says,
  holds: (value): value is number => typeof value === 'number' && Number.isFinite(value) && holds(value),
});
const anyNumber = numberRule('be a number', () => true);
const positive = numberRule('be a positive number', (x) => x > 0);
const natural = numberRule('be at least 0', (x) => x >= 0);
const share = numberRule('be in [0, 1]', (x) => x >= 0 && x <= 1);
const belowOne = numberRule('be in [0, 1)', (x) => x >= 0 && x < 1);
const count = numberRule('be an integer of at least 1', (x) => Number.isSafeInteger(x) && x >= 1);
const whole = numberRule('be an integer of at least 0', (x) => Number.isSafeInteger(x) && x >= 0);
const text: Rule<string> = { says: 'be text', holds: (value) => typeof value === 'string' };
const flag: Rule<boolean> = { says: 'be true or false', holds: (value) => typeof value === 'boolean' };
const shape: Rule<number[]> = {
  says: 'be a list of positive integers',
  holds: (value): value is number[] =>
    Array.isArray(value) && value.length > 0 && value.every((n) => count.holds(n)),
};
const oneOf = <const T extends string>(...names: T[]): Rule<T> => ({
  says: `be ${names.join(' or ')}`,
  holds: (value): value is T => names.some((name) => name === value),
});
const orNull = <T>({ says, holds }: Rule<T>): Rule<T | null> => ({
  says: `${says} or null`,
  holds: (value): value is T | null => value === null || holds(value),
});

/** A group of a configuration, with its place for messages. */
interface Group {
  value<T>(key: string, rule: Rule<T>): T;
  group(key: string): Group;
  isNull(key: string): boolean;
}

function groupAt(source: string, path: string, value: unknown): Group {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = path === '' ? 'carry the configuration of its run' : `have a group ${path}`;
    throw new RangeError(
      `readRunConfig: ${source} must ${what}, got ${JSON.stringify(value ?? null)}. It must be a checkpoint of meanflow train or of the page.`,
    );
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
  const at = (key: string) => (Object.hasOwn(fields, key) ? fields[key] : undefined);
  return {
    value: (key, { says, holds }) => {
      const found = at(key);
      if (holds(found)) return found;
      const got = found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80);
      throw new RangeError(`readRunConfig: ${pathOf(key)} of ${source} must ${says}, got ${got}.`);
    },
    group: (key) => groupAt(source, pathOf(key), at(key)),
    isNull: (key) => at(key) == null, // what an older version of the trainer did not know is absent
  };
}

function readModel(model: Group): ModelConfig {
  const kind = model.value('kind', oneOf('dit', 'mlp'));
  const sizes = { depth: model.value('depth', count), hiddenSize: model.value('hiddenSize', count) };
  if (kind === 'mlp') return { kind, ...sizes };
  return {
    kind,
    ...sizes,
    patchSize: model.value('patchSize', count),
    numHeads: model.value('numHeads', count),
    mlpRatio: model.value('mlpRatio', positive),
  };
}

const readTimes = (times: Group): TimesConfig => ({
  distribution: times.value('distribution', oneOf('logit-normal', 'uniform')),
  mean: times.value('mean', anyNumber),
  std: times.value('std', natural),
});

const readWeighting = (weighting: Group): WeightingConfig => ({
  p: weighting.value('p', natural),
  eps: weighting.value('eps', positive),
});

function readGuidance(objective: Group): GuidanceConfig | null {
  if (objective.isNull('guidance')) return null;
  const guidance = objective.group('guidance');
  return {
    omega: guidance.value('omega', natural),
    kappa: guidance.value('kappa', belowOne),
    tStart: guidance.value('tStart', share),
    tEnd: guidance.value('tEnd', share),
  };
}

function readObjective(objective: Group): ObjectiveConfig {
  const kind = objective.value('kind', oneOf('meanflow', 'flow-matching'));
  const times = objective.group('times');
  const shared = {
    guidance: readGuidance(objective),
    labelDropout: objective.value('labelDropout', share),
    weighting: readWeighting(objective.group('weighting')),
  };
  if (kind === 'flow-matching') return { kind, ...shared, times: readTimes(times) };
  return {
    kind,
    ...shared,
    times: { ...readTimes(times), instantFraction: times.value('instantFraction', share) },
  };
}

function readOptimizer(optimizer: Group): OptimizerConfig {
  const schedule = optimizer.group('schedule');
  return {
    lr: optimizer.value('lr', positive),
    beta1: optimizer.value('beta1', belowOne),
    beta2: optimizer.value('beta2', belowOne),
    eps: optimizer.value('eps', positive),
    weightDecay: optimizer.value('weightDecay', natural),
    schedule: {
      kind: schedule.value('kind', oneOf('constant', 'cosine')),
      warmupSteps: schedule.value('warmupSteps', whole),
    },
    clipNorm: optimizer.value('clipNorm', orNull(positive)),
    accumulate: optimizer.value('accumulate', count),
    recompute: optimizer.value('recompute', flag),
    maxSkips: optimizer.value('maxSkips', count),
  };
}

const readCompile = (compile: Group): CompileConfig => ({
  mode: compile.value('mode', oneOf('fused', 'graph', 'xla', 'off')),
  bfloat16: compile.value('bfloat16', flag),
  shards: compile.value('shards', orNull(count)),
});

/** The configuration of a run, and what its model knows of its data. */
export interface CarriedConfig {
  readonly config: RunConfig;
  readonly dataset: DatasetInfo;
}

/**
 * Reads what a weights file carries, as {@link checkpointConfig} made it: every key that decides the numbers must be
 * there. What else it says, e.g. of logs, is left out.
 *
 * @param value From the file's metadata, so anything at all.
 * @param source Where it is from, for messages.
 * @throws RangeError, one sentence, that names the first key that does not fit.
 */
export function readRunConfig(value: JsonValue, source: string): CarriedConfig {
  const root = groupAt(source, '', value);
  const dataset = root.group('dataset');
  return {
    dataset: {
      name: dataset.value('name', text),
      count: dataset.value('count', count),
      sampleShape: dataset.value('sampleShape', shape),
      numClasses: dataset.value('numClasses', whole),
    },
    config: {
      data: { kind: root.group('data').value('kind', text) },
      model: readModel(root.group('model')),
      objective: readObjective(root.group('objective')),
      optimizer: readOptimizer(root.group('optimizer')),
      ema: { decay: root.group('ema').value('decay', share) },
      batchSize: root.value('batchSize', count),
      steps: root.value('steps', count),
      seed: root.value('seed', whole),
      compile: readCompile(root.group('compile')),
    },
  };
}
