import { setTimeout } from 'node:timers/promises';
import type { BackendName } from '../config/schema';
import { UserError } from '../userError';

/** A backend that is active: tensors live there until `dispose`. */
export interface RunningBackend {
  readonly name: BackendName;
  /** Version of the package that it is from. */
  readonly version: string;
  /** What computes, e.g. `CPU, 2 threads`. */
  readonly device: string;
  /** Number of threads, where it is known. */
  readonly threads: number | null;
  /** Parts of the work that are best computed side by side; absent where operations are parallel themselves. */
  readonly shards?: number;
  /** Whether it emulates a GPU on the CPU: works, but slower than wasm. */
  readonly software: boolean;
  /** What went wrong on the device without any operation failing; null if nothing, absent where that cannot be. */
  readonly failure?: () => string | null;
  /** Why its device is gone, with all tensors on it; null while it works, absent where that cannot be. */
  readonly lost?: () => string | null;
  /** Ends its threads, so that the process can end. No tensor of it may be used afterwards. */
  dispose(): void;
}

/** Why a backend does not work here. */
export interface MissingBackend {
  /** What is missing, as the second half of a sentence, e.g. `the package webgpu is not installed`. */
  readonly missing: string;
  /** The one command that brings it; null if there is none. */
  readonly fix: string | null;
}

/** How to start a backend. */
export interface BackendOptions {
  /** Threads for wasm, at least 1. Default: one a core, at most 8, where measuring says that they help. */
  threads?: number;
  /**
   * Whether each operation gets one thread, where the work comes in parts that are computed side by side (tensorflow on
   * the CPU). Default false.
   */
  isSharded?: boolean;
  /** Part of the name of the GPU to use, for webgpu. Default: the one that the driver prefers. */
  device?: string;
  /**
   * Whether an emulated GPU is of no use: webgpu is not even loaded then where the machine has no GPU, for Dawn prints what it
   * thinks of lavapipe. Default false.
   */
  realGpu?: boolean;
}

/** Starts a backend and makes it the active one, or says why that does not work. */
export type BackendStarter = (options: BackendOptions) => Promise<RunningBackend | MissingBackend>;

/**
 * Checks that the device has done what it was told.
 *
 * @throws UserError with what it says, for the results since then are worth nothing.
 */
export function assertHealthy({ name, failure }: RunningBackend): void {
  const reason = failure?.() ?? null;
  if (reason !== null) throw new UserError(`${name} has failed: ${reason}. Use --backend wasm.`, 1);
}

/** The device of a backend is gone, with every tensor on it: what was saved before is still good. */
export class DeviceLost extends Error {}

/** Milliseconds in which a driver says that it has lost the device, after the first operation failed. */
const SAID_WITHIN = 500;

/** The error that an operation failed with, or that the device was lost, which comes to light in many ways. */
export async function asDeviceLost({ lost }: RunningBackend, error: unknown): Promise<unknown> {
  if (lost === undefined) return error;
  if (lost() === null) await setTimeout(SAID_WITHIN);
  const reason = lost();
  return reason === null ? error : new DeviceLost(reason, { cause: error });
}

export function isMissing(result: RunningBackend | MissingBackend): result is MissingBackend {
  return 'missing' in result;
}
