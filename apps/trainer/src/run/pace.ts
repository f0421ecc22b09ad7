const MEMORY = 0.95; // weight of the past in an average that is renewed every step

/** Exponential average whose start does not count: the first value is its value. */
export interface Average {
  add(value: number): void;
  value(): number;
}

export function averageOf(): Average {
  let sum = 0;
  let weight = 0;
  return {
    add(value) {
      if (!Number.isFinite(value)) return; // a skipped step
      sum = MEMORY * sum + (1 - MEMORY) * value;
      weight = MEMORY * weight + (1 - MEMORY);
    },
    value: () => sum / weight,
  };
}
