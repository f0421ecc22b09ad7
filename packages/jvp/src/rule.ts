import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';

/** One kernel call as a rule sees it. All tensors are borrowed. */
export interface KernelCall {
  /** Inputs by the kernel's own names; kernels with a list of inputs (Concat, AddN) use '0', '1', ... */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Tangents of those inputs that have one, by the same names. A missing tangent means zero. */
  readonly tangents: Readonly<Record<string, Tensor | undefined>>;
  /** The kernel's attributes. */
  readonly attrs: NamedAttrMap;
  /** The kernel's first (for nearly all kernels: only) output. */
  readonly output: Tensor;
  /** All outputs. */
  readonly outputs: readonly Tensor[];
}

/**
 * Forward-mode rule of a kernel: the tangents of its outputs, given its inputs, their tangents and its outputs.
 *
 * Written with tfjs operations. It runs in a `tidy`; what it returns is owned by the caller. At least one tangent
 * is present. A rule with one output returns a tensor of the output's shape, one with several returns a list; null
 * is a zero tangent.
 */
export type JvpRule = (call: KernelCall) => Tensor | readonly (Tensor | null)[] | null;
