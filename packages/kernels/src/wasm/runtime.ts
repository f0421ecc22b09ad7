import { isDifferentiated } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { assemble } from '@meanflow/wasm';
import { attentionCode } from './attentionCode';
import { elementwiseCode } from './elementwiseCode';
import { productCode } from './productCode';
import { divide } from './ranges';
import type { Division, Range } from './ranges';
import { rowsCode } from './rowsCode';
import { startThreadPool } from './threadPool';
import type { ThreadPool } from './threadPool';

// Kernels of our own run in a second WebAssembly module over the memory of tfjs's: they read and write its tensors in
// place. Addresses are byte offsets, counts are numbers, strides are bytes.

const code = (fused: boolean) => ({
  ...productCode(fused),
  ...elementwiseCode,
  ...rowsCode,
  ...attentionCode,
});
type Functions = Readonly<Record<keyof ReturnType<typeof code>, (...args: number[]) => void>>;

/** What is used of tfjs's wasm backend. */
interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: string): tf.TensorInfo;
  disposeData(dataId: object): boolean;
  dispose(): void;
}

/** What a kernel has while it runs. */
export interface KernelContext {
  readonly functions: Functions;
  /** Address of a tensor's numbers. */
  readonly at: (tensor: tf.TensorInfo) => number;
  /** A new output and its address; outputs are returned in this order. */
  readonly output: (shape: readonly number[]) => number;
  /** Memory that is freed when the kernel returns. */
  readonly scratch: (numbers: number) => number;
  readonly threads: number;
  /**
   * Divides work into as many parts as are worth it.
   *
   * @param most How many at most. Default a few for each thread, so that a slower one takes fewer; 1 for one thread.
   */
  readonly ranges: (total: number, division?: Division, most?: number) => Range[];
  /**
   * Calls a function for each part, by several threads if there are several parts. Parts must not write what another
   * reads, and each number has to be computed by one alone, so that results do not depend on the number of threads.
   *
   * @param scratch Numbers of memory that each call has for itself; its address is the last argument.
   */
  readonly share: (name: keyof Functions, parts: readonly (readonly number[])[], scratch?: number) => void;
}

/** Our module over the memory of a backend. */
interface Instance {
  readonly functions: Functions;
  /** With threads; null if the caller's is the only one. */
  pool: ThreadPool | null;
  /** Counts the calls of `setKernelThreads`: the last one holds. */
  calls: number;
  /** Starts threads; null where they cannot be had. */
  readonly start: (threads: number) => Promise<ThreadPool | null>;
}

/** Parts for each thread, where nothing else says how many. */
const PARTS = 4;

const instances = new WeakMap<object, Instance | null>();

/** Our module over the memory of a backend; null where that is out of reach, or has no SIMD. */
function instantiate({ wasm }: WasmBackend): Instance | null {
  const memory = wasm.asm?.memory ?? wasm.wasmMemory;
  if (!(memory instanceof WebAssembly.Memory)) return null;
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  try {
    const fused = assemble(code(true), shared);
    const bytes = WebAssembly.validate(fused) ? fused : assemble(code(false), shared);
    const module = new WebAssembly.Module(bytes);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    const start = async (threads: number) =>
      shared ? startThreadPool(module, memory, instance, threads) : null;
    return { functions: instance.exports as unknown as Functions, pool: null, calls: 0, start };
  } catch {
    return null; // the composites remain
  }
}

/** Our module for the active backend; null if it is another than wasm, or ours cannot run there. */
function activeInstance(): Instance | null {
  if (tf.getBackend() !== 'wasm') return null;
  const backend = tf.backend() as unknown as WasmBackend;
  let instance = instances.get(backend);
  if (instance === undefined) {
    instance = instantiate(backend);
    instances.set(backend, instance);
    aliasClones();
    splitByCopies();
  }
  return instance;
}

function stopThreads(instance: Instance): void {
  instance.calls++;
  instance.pool?.terminate();
  instance.pool = null;
}

/**
 * Lets the kernels of the active wasm backend compute with several threads. That takes a backend with shared memory, which
 * is the threaded build of tfjs, and in a page a worker: its main thread may not wait. Results are the same bits with any
 * number. They sleep while there is nothing to do, and end with the backend or when another number is set.
 *
 * @param threads The caller's among them, at least 1: as many as tfjs has are best.
 * @returns When they have started, how many compute: 1 where there cannot be more. Until then there is one.
 * @throws RangeError if `threads` is not a whole number of at least 1.
 */
export async function setKernelThreads(threads: number): Promise<number> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`setKernelThreads: threads must be a whole number of at least 1, got ${threads}.`);
  }
  const instance = activeInstance();
  if (instance === null) return 1;
  stopThreads(instance);
  if (threads === 1) return 1;
  const { calls } = instance;
  endWith(tf.backend() as unknown as WasmBackend, instance);
  const pool = await instance.start(threads);
  if (instance.calls === calls) instance.pool = pool;
  else pool?.terminate(); // set to another number meanwhile, or disposed of
  return instance.pool?.threads ?? 1;
}

/** Number of threads that the kernels of the active backend compute with: see {@link setKernelThreads}. */
export function kernelThreads(): number {
  return activeInstance()?.pool?.threads ?? 1;
}

const ending = new WeakSet<WasmBackend>();

/** Ends the threads of a backend when it is disposed of. */
function endWith(backend: WasmBackend, instance: Instance): void {
  if (ending.has(backend)) return;
  ending.add(backend);
  const dispose = backend.dispose.bind(backend);
  backend.dispose = () => {
    stopThreads(instance);
    dispose();
  };
}

/** tfjs-wasm copies a tensor to clone it, and a gradient clones all that it saves. Tensors never change: share them. */
function aliasClones(): void {
  tf.unregisterKernel(tf.Identity, 'wasm');
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend }) => {
      const { x } = inputs as { x: tf.TensorInfo };
      (backend as Pick<tf.KernelBackend, 'incRef'>).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}

let splits = false;

/** tfjs-wasm splits a tensor by a slice for each part, with views in JavaScript for each row: copy the rows. */
function splitByCopies(): void {
  const tfjs = tf.getKernel(tf.SplitV, 'wasm') as tf.KernelConfig | undefined;
  if (splits || tfjs === undefined) return;
  splits = true;
  tf.unregisterKernel(tf.SplitV, 'wasm');
  tf.registerKernel({
    ...tfjs,
    kernelFunc: (call) => {
      const backend = call.backend as WasmBackend;
      const instance = instances.get(backend) ?? null;
      const { x } = call.inputs as { x: tf.Tensor };
      const { axis, numOrSizeSplits } = call.attrs as unknown as tf.SplitVAttrs;
      if (instance === null || x.dtype !== 'float32') return tfjs.kernelFunc(call);
      const [along = 0] = tf.util.parseAxisParam(axis, x.shape);
      const [before, after] = [x.shape.slice(0, along), x.shape.slice(along + 1)];
      const [rows, step] = [tf.util.sizeFromShape(before), tf.util.sizeFromShape(after)];
      const stride = 4 * step * (x.shape[along] ?? 1);
      return compute('split', backend, instance, ({ functions, at, output }) => {
        let from = at(x);
        for (const size of tf.backend_util.prepareSplitSize(x, numOrSizeSplits, along)) {
          const to = output([...before, size, ...after]);
          functions.copyPart(from, stride, to, 4 * size * step, rows, size * step);
          from += 4 * size * step;
        }
      });
    },
  });
}

/**
 * Whether to use our own wasm kernels now. They have no derivatives, so where what is computed is differentiated the
 * composites take their place.
 */
export function useWasmKernels(): boolean {
  return !isDifferentiated() && activeInstance() !== null;
}

/** tfjs goes on when there is no memory left, and writes over what lies at address 0. */
function checkAddress(name: string, address: number): number {
  if (address !== 0) return address;
  throw new RangeError(
    `${name}: tensors must fit into the memory of WebAssembly, of which there is no more. Take a smaller batch.`,
  );
}

/** Runs a kernel on a backend and gives its outputs. */
function compute(
  name: string,
  backend: WasmBackend,
  { functions, pool }: Instance,
  run: (context: KernelContext) => void,
): tf.TensorInfo[] {
  const outputs: tf.TensorInfo[] = [];
  const scratches: number[] = [];
  const at = ({ dataId }: tf.TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset;
  const fewParts = pool === null ? 1 : PARTS * pool.threads;
  const context: KernelContext = {
    functions,
    at,
    output: (shape) => {
      const info = backend.makeOutput([...shape], 'float32');
      outputs.push(info);
      return checkAddress(name, at(info));
    },
    scratch: (numbers) => {
      const address = checkAddress(name, backend.wasm._malloc(4 * numbers) >>> 0);
      scratches.push(address);
      return address;
    },
    threads: pool?.threads ?? 1,
    ranges: (total, division, most = fewParts) => {
      const parts = divide(total, Math.min(most, pool?.mostParts ?? 1), division);
      const over = parts.length % (pool?.threads ?? 1);
      const isEven = over === 0 || over === parts.length;
      return isEven ? parts : divide(total, parts.length - over, division); // as many for each thread
    },
    share: (called, parts, numbers = 0) => {
      const threads = pool === null || parts.length === 1 ? 1 : pool.threads;
      const address = numbers === 0 ? 0 : context.scratch(threads * numbers);
      if (pool !== null && threads > 1) pool.run(called, parts, [address, 4 * numbers]);
      else for (const part of parts) functions[called](...part, ...(numbers === 0 ? [] : [address]));
    },
  };
  try {
    run(context);
  } catch (error) {
    for (const { dataId } of outputs) backend.disposeData(dataId);
    throw error;
  } finally {
    for (const address of scratches) backend.wasm._free(address);
  }
  return outputs;
}

/**
 * Defines a kernel of the wasm backend, which profiles and memory counts see like one of tfjs's.
 *
 * @typeParam R Its results, as many as `run` allocates.
 * @param run Allocates the outputs and computes them.
 * @returns The operation: borrows its inputs, the caller owns the results. Call it only if {@link useWasmKernels}.
 */
export function wasmKernel<
  I extends tf.NamedTensorMap,
  A extends object,
  R extends tf.Tensor[] = [tf.Tensor],
>(name: string, run: (context: KernelContext, inputs: I, attrs: A) => void): (inputs: I, attrs: A) => R {
  const kernelName = `meanflow/${name}`;
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) => {
    const instance = activeInstance();
    if (instance === null) throw new Error(`internal: ${kernelName} cannot run here.`);
    return compute(name, backend as WasmBackend, instance, (context) => {
      run(context, inputs as unknown as I, attrs as unknown as A);
    });
  };
  return (inputs, attrs) => {
    if ((tf.getKernel(kernelName, 'wasm') as unknown) === undefined) {
      tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
    }
    const attributes = attrs as unknown as tf.NamedAttrMap;
    return tf.engine().runKernel<tf.Tensor[]>(kernelName, inputs, attributes) as R;
  };
}
