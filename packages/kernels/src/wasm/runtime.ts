import { isDifferentiated } from '@meanflow/jvp';
import * as tf from '@tensorflow/tfjs-core';
import { assemble } from '@meanflow/wasm';
import { elementwiseCode } from './elementwiseCode';
import { productCode } from './productCode';
import { rowsCode } from './rowsCode';

// Kernels of our own run in a second WebAssembly module over the memory of tfjs's: they read and write its tensors in
// place. Addresses are byte offsets, counts are numbers, strides are bytes.

const code = (fused: boolean) => ({ ...productCode(fused), ...elementwiseCode, ...rowsCode });
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
}

const instances = new WeakMap<object, Functions | null>();

/** Our module over the memory of a backend; null where that is out of reach, or has no SIMD. */
function instantiate({ wasm }: WasmBackend): Functions | null {
  const memory = wasm.asm?.memory ?? wasm.wasmMemory;
  if (!(memory instanceof WebAssembly.Memory)) return null;
  const shared = typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  try {
    const fused = assemble(code(true), shared);
    const bytes = WebAssembly.validate(fused) ? fused : assemble(code(false), shared);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return exports as unknown as Functions;
  } catch {
    return null; // the composites remain
  }
}

/** Our functions for the active backend; null if it is another than wasm, or they cannot run there. */
function activeFunctions(): Functions | null {
  if (tf.getBackend() !== 'wasm') return null;
  const backend = tf.backend() as unknown as WasmBackend;
  let functions = instances.get(backend);
  if (functions === undefined) {
    functions = instantiate(backend);
    instances.set(backend, functions);
    aliasClones();
  }
  return functions;
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

/**
 * Whether to use our own wasm kernels now. They have no derivatives, so where what is computed is differentiated the
 * composites take their place.
 */
export function useWasmKernels(): boolean {
  return !isDifferentiated() && activeFunctions() !== null;
}

/** tfjs goes on when there is no memory left, and writes over what lies at address 0. */
function checkAddress(name: string, address: number): number {
  if (address !== 0) return address;
  throw new RangeError(
    `${name}: tensors must fit into the memory of WebAssembly, of which there is no more. Take a smaller batch.`,
  );
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
    const wasmBackend = backend as WasmBackend;
    const functions = activeFunctions();
    if (functions === null) throw new Error(`internal: ${kernelName} cannot run here.`);
    const outputs: tf.TensorInfo[] = [];
    const scratches: number[] = [];
    const at = ({ dataId }: tf.TensorInfo) => wasmBackend.dataIdMap.get(dataId).memoryOffset;
    const context: KernelContext = {
      functions,
      at,
      output: (shape) => {
        const info = wasmBackend.makeOutput([...shape], 'float32');
        outputs.push(info);
        return checkAddress(name, at(info));
      },
      scratch: (numbers) => {
        const address = checkAddress(name, wasmBackend.wasm._malloc(4 * numbers) >>> 0);
        scratches.push(address);
        return address;
      },
    };
    try {
      run(context, inputs as unknown as I, attrs as unknown as A);
    } catch (error) {
      for (const { dataId } of outputs) wasmBackend.disposeData(dataId);
      throw error;
    } finally {
      for (const address of scratches) wasmBackend.wasm._free(address);
    }
    return outputs;
  };
  return (inputs, attrs) => {
    if ((tf.getKernel(kernelName, 'wasm') as unknown) === undefined) {
      tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
    }
    const attributes = attrs as unknown as tf.NamedAttrMap;
    return tf.engine().runKernel<tf.Tensor[]>(kernelName, inputs, attributes) as R;
  };
}
