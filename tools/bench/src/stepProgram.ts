import type { CaseName } from './cases';
import type { Inputs } from './inputs';
import type { Product } from './products';

/** One step: its loss before weighting, or its samples, once they are on the host. */
export type Step = () => Promise<number | Float32Array>;

/** A program in TypeScript, started. */
export interface StepProgram {
  /** What to report about it, text by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Makes the step of a case. */
  setup(name: CaseName, inputs: Inputs): Promise<Step>;
  /** Makes a function that computes a product of two random operands and waits for it; absent if it has none. */
  product?(product: Product): () => Promise<void>;
}
