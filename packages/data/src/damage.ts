/** What is wrong with a part of a data set. */
export interface Damage {
  /** Path or address of the shard. */
  readonly shard: string;
  /** Key of the sample; null if the shard itself is concerned. */
  readonly key: string | null;
  /** Where, in bytes of the unpacked content; null where that means nothing. */
  readonly offset: number | null;
  /** The rule and the value, without a full stop: `the JPEG must be whole, got 120 of 800 bytes`. */
  readonly problem: string;
  /** Samples lost by it. Default 1. */
  readonly samples?: number;
}

/** Options of {@link createDamageLog}. */
export interface DamageOptions {
  /** `fail`: the first damage is an error. `skip`: samples are left out and counted, up to `maxSkipped`. Default `fail`. */
  policy?: 'fail' | 'skip';
  /** Most samples that may be left out in an epoch before it is an error after all. Default 100. */
  maxSkipped?: number;
}

/** Collects what is wrong with a data set, and decides when it is too much. */
export interface DamageLog {
  /**
   * Takes note of a damage. Reporting the same place again, as every epoch does, counts once.
   *
   * @throws Error, one sentence that names shard, key and offset, if the policy is `fail` or too much was left out.
   */
  report(damage: Damage): void;
  /** Samples left out until now. */
  readonly skipped: number;
  /** What was reported, in order, at most a hundred. */
  readonly damages: readonly Damage[];
}

const REMEMBERED = 100;

function placeOf({ shard, key, offset }: Damage): string {
  const sample = key === null ? '' : `, sample ${key}`;
  return `${shard}${sample}${offset === null ? '' : ` at byte ${offset}`}`;
}

/**
 * A log for the damages of one data set.
 *
 * @throws RangeError if `maxSkipped` is no count.
 */
export function createDamageLog(options: DamageOptions = {}): DamageLog {
  const { policy = 'fail', maxSkipped = 100 } = options;
  if (!Number.isSafeInteger(maxSkipped) || maxSkipped < 0) {
    throw new RangeError(`createDamageLog: maxSkipped must be an integer of at least 0, got ${maxSkipped}.`);
  }
  const [damages, seen] = [[] as Damage[], new Set<string>()];
  let skipped = 0;
  return {
    damages,
    get skipped() {
      return skipped;
    },
    report(damage) {
      const place = placeOf(damage);
      if (policy === 'fail') {
        throw new Error(
          `data: ${place}: ${damage.problem}. Likely fix: get the file again, or leave damaged samples out with the policy skip.`,
        );
      }
      if (seen.has(place)) return;
      seen.add(place);
      skipped += damage.samples ?? 1;
      if (damages.length < REMEMBERED) damages.push(damage);
      if (skipped > maxSkipped) {
        throw new Error(
          `data: at most ${maxSkipped} damaged samples may be left out, got ${skipped}; the last is ${place}: ${damage.problem}. Likely fix: get the data again, or raise maxSkipped.`,
        );
      }
    },
  };
}
