import { createDamageLog } from '../damage';
import type { DamageLog, DamageOptions } from '../damage';

const isLog = (damage: DamageOptions | DamageLog): damage is DamageLog => 'report' in damage;

/** The log that an option asks for. */
export function damageLogOf(damage: DamageOptions | DamageLog = {}): DamageLog {
  return isLog(damage) ? damage : createDamageLog(damage);
}

/** Checks options that every format has. */
export function checkClasses(
  caller: string,
  { numClasses, classNames }: { numClasses?: number | undefined; classNames?: readonly string[] | undefined },
): void {
  if (numClasses !== undefined && (!Number.isSafeInteger(numClasses) || numClasses < 0)) {
    throw new RangeError(`${caller}: numClasses must be an integer of at least 0, got ${numClasses}.`);
  }
  const names = classNames?.length;
  if (names !== undefined && numClasses !== undefined && numClasses !== 0 && names !== numClasses) {
    throw new RangeError(
      `${caller}: classNames must have one name for each of ${numClasses} classes, got ${names}.`,
    );
  }
}
