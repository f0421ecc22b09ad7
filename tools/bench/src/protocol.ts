import type { CaseName } from './cases';
import type { Product } from './products';

// Every program is a process that lives for a whole measurement. It writes a greeting, then reads one request a line and
// answers each with one line; the clock runs inside it, around the step alone.

/** The first line of a program. */
export type Greeting =
  | { readonly ready: true; readonly versions: Readonly<Record<string, string>> }
  /** Something that it needs is not installed. */
  | { readonly absent: string; readonly fix?: string };

/** What a program is asked to do. */
export type Request =
  | { readonly do: 'setup'; readonly case: CaseName; readonly file: string }
  | { readonly do: 'step' }
  | ({ readonly do: 'product' } & Product);

/** One timed step: its loss before weighting, or the mean square of its samples. */
export interface StepAnswer {
  readonly ms: number;
  readonly value: number;
}

/** How long one product takes at best. */
export interface ProductAnswer {
  readonly ms: number;
}

/** What a program answers. */
export type Answer = StepAnswer | ProductAnswer | { readonly ok: true } | { readonly error: string };
