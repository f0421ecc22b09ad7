/** A part of `total`: from where on, and how much. */
export type Range = readonly [start: number, count: number];

/** How to divide. */
export interface Division {
  /** Parts begin at multiples of it; the last one has what is over. Default 1. */
  unit?: number;
  /** Smallest part. Default 1. */
  least?: number;
}

/** Divides 0 ... `total` into parts of about the same size, at most `most`; one that is empty into itself. */
export function divide(total: number, most: number, { unit = 1, least = 1 }: Division = {}): Range[] {
  const units = Math.floor(total / unit);
  const parts = Math.max(1, Math.min(most, units, Math.floor(total / least)));
  const bound = (part: number) => (part === parts ? total : unit * Math.floor((units * part) / parts));
  const ranges: Range[] = [];
  for (let part = 0; part < parts; part++) ranges.push([bound(part), bound(part + 1) - bound(part)]);
  return ranges;
}
