import * as tf from '@tensorflow/tfjs-core';
import { emptyTensor } from './nodeBackend';
import type { NodeBackend, TensorEntry } from './nodeBackend';

/** A session in which values of variables live. */
export interface Home {
  /**
   * Gives the current values of all variables that live there, as tensors of the binding that the caller owns. All at
   * once: TensorFlow prepares anew for every other choice of what is asked for, which takes longer than the copies.
   */
  values(): Map<tf.Variable, number>;
}

/**
 * The value of a variable that lives in a session. Its entry in the backend looks like every other, but the tensor is
 * fetched when it is first asked for: so reading, copying and computing with the variable work as always.
 */
interface Resident {
  readonly home: Home;
  /** The fetched tensor; -1 if there is none. */
  fetched: number;
}

const residents = new WeakMap<TensorEntry, Resident>();

function residentOf(backend: NodeBackend, { dataId }: tf.Variable): Resident | undefined {
  return residents.get(backend.tensorMap.get(dataId));
}

/** Whether the variable's current value lives in a session, or in that of `home`. */
export function livesWith(backend: NodeBackend, home: Home, variable: tf.Variable): boolean {
  return !variable.isDisposed && residentOf(backend, variable)?.home === home;
}

function fetchAll(backend: NodeBackend, home: Home): void {
  for (const [variable, id] of home.values()) {
    const resident = variable.isDisposed ? undefined : residentOf(backend, variable);
    if (resident?.home === home && resident.fetched < 0) resident.fetched = id;
    else backend.binding.deleteTensor(id);
  }
}

/** Forgets the fetched value of a variable, which stays in its session. */
function forget(backend: NodeBackend, resident: Resident): void {
  if (resident.fetched >= 0) backend.binding.deleteTensor(resident.fetched);
  resident.fetched = -1;
}

/**
 * Declares that the variable's current value lives in a session. Its memory in the backend is freed, unless another
 * tensor shares it: then that one keeps it, and the variable gets an entry of its own.
 */
export function settle(backend: NodeBackend, home: Home, variable: tf.Variable): void {
  let entry = backend.tensorMap.get(variable.dataId);
  if (entry.refCount > 1) {
    bringBack(backend, variable);
    tf.tidy(() => {
      variable.assign(emptyTensor(backend, variable));
    });
    entry = backend.tensorMap.get(variable.dataId);
  }
  const before = residents.get(entry);
  if (before !== undefined) forget(backend, before);
  else if (entry.id >= 0) backend.binding.deleteTensor(entry.id);
  entry.values = null;
  const resident: Resident = { home, fetched: -1 };
  residents.set(entry, resident);
  Object.defineProperty(entry, 'id', {
    configurable: true,
    enumerable: true,
    get: () => {
      if (resident.fetched < 0) fetchAll(backend, home);
      return resident.fetched;
    },
  });
}

/** Brings the value of a variable that lives in a session back into the backend, where it stays. */
export function bringBack(backend: NodeBackend, variable: tf.Variable): void {
  const entry = backend.tensorMap.get(variable.dataId);
  if (!residents.has(entry)) return;
  const { id } = entry; // fetches it
  residents.delete(entry);
  Object.defineProperty(entry, 'id', { configurable: true, enumerable: true, writable: true, value: id });
}

/**
 * Prepares for a new value in the session. The fetched one is forgotten, so that its memory can be reused; tensors that
 * share it keep it.
 */
export function prepareToAssign(backend: NodeBackend, home: Home, variable: tf.Variable): void {
  const resident = residentOf(backend, variable);
  if (resident === undefined) throw new Error(`internal: the variable ${variable.name} lives in no session.`);
  if (backend.tensorMap.get(variable.dataId).refCount > 1) settle(backend, home, variable);
  else forget(backend, resident);
}
