/** Values over steps, few enough to draw however long it goes on. */
export interface History {
  /** Steps, then one row of values for each name; what `uPlot` takes. */
  readonly columns: readonly (readonly (number | null)[])[];
  /** Adds the values of a step, in the order of the names; null where there is none. */
  add(step: number, values: readonly (number | null)[]): void;
  clear(): void;
}

/** Mean of what is there; null if nothing is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * A history of at most `capacity` points: each is the mean of as many reports as it takes, so a curve becomes smoother
 * as it grows.
 *
 * @param width Number of values.
 * @param capacity An even number.
 */
export function createHistory(width: number, capacity = 240): History {
  let columns: (number | null)[][] = [];
  let pending: (number | null)[][] = []; // rows: a step and its values
  let perPoint = 1;

  const push = (row: readonly (number | null)[]) => {
    for (const [i, column] of columns.entries()) column.push(row[i] ?? null);
  };
  const meanRow = (rows: readonly (readonly (number | null)[])[]) =>
    Array.from({ length: width + 1 }, (_, i) => meanOf(rows.map((row) => row[i] ?? null)));
  const clear = () => {
    columns = Array.from({ length: width + 1 }, () => []);
    pending = [];
    perPoint = 1;
  };
  clear();
  return {
    get columns() {
      return columns;
    },
    add(step, values) {
      pending.push([step, ...values]);
      if (pending.length < perPoint) return;
      push(meanRow(pending));
      pending = [];
      const [steps = []] = columns;
      if (steps.length < capacity) return;
      const rows = steps.map((_, i) => columns.map((column) => column[i] ?? null));
      columns = Array.from({ length: width + 1 }, () => []);
      for (let i = 0; i + 1 < rows.length; i += 2) push(meanRow(rows.slice(i, i + 2)));
      perPoint *= 2;
    },
    clear,
  };
}
