/** When something needs memory: from its first command to its last, both included. */
export interface Lifetime {
  /** Bytes. */
  readonly size: number;
  readonly first: number;
  readonly last: number;
}

/** Which of several buffers each lifetime takes. */
export interface MemoryPlan {
  /** Bytes of each buffer. */
  readonly sizes: readonly number[];
  /** For each lifetime, its buffer. */
  readonly places: readonly number[];
}

interface Slot {
  size: number;
  readonly taken: Lifetime[];
}

const meet = (a: Lifetime, b: Lifetime) => a.first <= b.last && b.first <= a.last;

/**
 * Shares buffers between lifetimes that do not meet: the largest first, each into the smallest buffer that is free
 * throughout it.
 *
 * @returns Buffers of together at least the largest sum of sizes that live at once, and mostly not much more.
 * @see Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", arXiv:2001.03288, greedy by size.
 */
export function planMemory(lifetimes: readonly Lifetime[]): MemoryPlan {
  const order = lifetimes.map((_, i) => i);
  const sizeOf = (i: number) => lifetimes[i]?.size ?? 0;
  order.sort((a, b) => sizeOf(b) - sizeOf(a) || a - b);
  const slots: Slot[] = [];
  const places = new Array<number>(lifetimes.length).fill(-1);
  for (const i of order) {
    const lifetime = lifetimes[i];
    if (lifetime === undefined) continue;
    // Buffers were made for larger ones, so each is large enough, and the latest is the smallest.
    let place = slots.length - 1;
    while (place >= 0 && slots[place]?.taken.some((other) => meet(lifetime, other)) === true) place -= 1;
    if (place < 0) {
      place = slots.length;
      slots.push({ size: lifetime.size, taken: [] });
    }
    slots[place]?.taken.push(lifetime);
    places[i] = place;
  }
  return { sizes: slots.map(({ size }) => size), places };
}
