/** A learning rate that depends on the number of updates done. */
export interface LearningRateSchedule {
  /** Highest rate, > 0, reached at the end of the warm-up. */
  peak: number;
  /** Updates over which the rate rises linearly from 0 to `peak`. Default 0: no warm-up. */
  warmupSteps?: number;
  /** What follows the warm-up. Default 'constant'. */
  decay?: 'constant' | 'cosine';
  /** Number of updates at which the cosine ends, the warm-up included; required for 'cosine'. */
  decaySteps?: number;
  /** Rate from the end of the cosine on, in [0, peak]. Default 0. */
  final?: number;
}

function requireRule(holds: boolean, rule: string, value: unknown, fix = ''): void {
  if (!holds) throw new RangeError(`learningRateAt: ${rule}, got ${String(value)}.${fix}`);
}

function checkSchedule({ peak, warmupSteps = 0, decay, decaySteps, final = 0 }: LearningRateSchedule): void {
  requireRule(peak > 0 && Number.isFinite(peak), 'peak must be a positive number', peak);
  requireRule(
    Number.isSafeInteger(warmupSteps) && warmupSteps >= 0,
    'warmupSteps must be a natural number',
    warmupSteps,
  );
  if (decay !== 'cosine') return;
  const long = decaySteps !== undefined && decaySteps > warmupSteps;
  const fix = ' It is the whole length, with the warm-up.';
  requireRule(long, `decaySteps must be more than warmupSteps ${warmupSteps}`, decaySteps, fix);
  requireRule(final >= 0 && final <= peak, `final must be in [0, peak ${peak}]`, final);
}

/**
 * Learning rate of the next update: peak k / warmupSteps during the warm-up, so that the first update has rate 0; then
 * `peak`, or final + (peak - final) (1 + cos(pi p)) / 2 with p from 0 to 1 between the warm-up and `decaySteps`.
 *
 * @param schedule A constant rate, or its course.
 * @param updates Updates done so far, k.
 * @throws RangeError if a field is out of its range.
 * @see optax.warmup_cosine_decay_schedule, whose `decay_steps` includes the warm-up too, as used by imeanflow.
 */
export function learningRateAt(schedule: number | LearningRateSchedule, updates: number): number {
  const course = typeof schedule === 'number' ? { peak: schedule } : schedule;
  checkSchedule(course);
  const { peak, warmupSteps = 0, decay = 'constant', decaySteps = 0, final = 0 } = course;
  if (updates < warmupSteps) return (peak * updates) / warmupSteps;
  if (decay === 'constant') return peak;
  const progress = Math.min((updates - warmupSteps) / (decaySteps - warmupSteps), 1);
  return final + ((peak - final) * (1 + Math.cos(Math.PI * progress))) / 2;
}
