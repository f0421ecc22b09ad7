import type { SafetensorsArrays, SafetensorsDtype, SafeTensor } from '@meanflow/safetensors';
import { printable } from './printable';
import { storedFiles } from './storedFiles';
import { PersistentId, PythonCall, PythonName, unpickle } from './unpickle';
import type { PickleValue } from './unpickle';

/** A tensor as the pickle describes it: a view of a storage whose bytes are elsewhere. */
interface TensorView {
  readonly dtype: SafetensorsDtype;
  readonly storage: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const storageTypes: Readonly<Record<string, SafetensorsDtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

interface ArrayConstructor<D extends SafetensorsDtype> {
  readonly BYTES_PER_ELEMENT: number;
  new (content: ArrayBuffer | number): SafetensorsArrays[D];
}

const arrays: { readonly [D in SafetensorsDtype]?: ArrayConstructor<D> } = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

function fail(problem: string): never {
  throw new Error(
    `decodeTorchCheckpoint: ${problem}. Likely fix: save the state dict alone, torch.save(model.state_dict(), FILE).`,
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

function viewOf(name: string, entry: PickleValue): TensorView {
  const isParameter = entry instanceof PythonCall && entry.name === 'torch._utils._rebuild_parameter';
  const value = isParameter ? entry.args[0] : entry;
  if (!(value instanceof PythonCall) || value.name !== 'torch._utils._rebuild_tensor_v2')
    return fail(
      `${name} must be a tensor, got ${value instanceof PythonCall ? printable(value.name) : 'another value'}`,
    );
  const [storage, offset, shape, strides] = value.args;
  const id = storage instanceof PersistentId ? storage.id : null;
  const [kind, type, key] = Array.isArray(id) ? id : [];
  const dtype = type instanceof PythonName ? storageTypes[type.name] : undefined;
  if (dtype === undefined)
    return fail(
      `${name} must have a known type, got ${type instanceof PythonName ? printable(type.name) : 'none'}`,
    );
  if (
    kind !== 'storage' ||
    typeof key !== 'string' ||
    !isCount(offset) ||
    !isCounts(shape) ||
    !isCounts(strides)
  )
    return fail(`${name} must be a view of a storage`);
  if (shape.length !== strides.length) return fail(`${name} must have a stride an axis`);
  return { dtype, storage: key, offset, shape, strides };
}

/** Tensors may share storages, but a few bytes of a pickle may not claim the memory of the machine. */
const MOST_SHARING = 4;

const sizeOf = ({ dtype, shape }: TensorView) =>
  shape.reduce((product, n) => product * n, arrays[dtype]?.BYTES_PER_ELEMENT ?? 1);

function viewsIn(value: PickleValue, fileBytes: number): [name: string, view: TensorView][] {
  if (!(value instanceof Map)) return fail('the file must hold a dictionary of tensors, got another value');
  const views = [...value].map(([name, tensor]): [string, TensorView] => {
    if (typeof name !== 'string') return fail('the names of tensors must be strings, got another value');
    return [name, viewOf(printable(name), tensor)];
  });
  const total = views.reduce((sum, [, view]) => sum + sizeOf(view), 0);
  if (total > MOST_SHARING * fileBytes)
    return fail(
      `the tensors must have at most ${MOST_SHARING} times the file's ${fileBytes} bytes, got ${total}`,
    );
  return views;
}

/** The values of a view in row-major order, checked to lie in its storage. */
function materialise(name: string, view: TensorView, storage: Uint8Array | undefined): SafeTensor {
  const { dtype, offset, shape, strides } = view;
  const Values = arrays[dtype] as ArrayConstructor<SafetensorsDtype> | undefined;
  if (storage === undefined || Values === undefined)
    return fail(`the storage ${printable(view.storage)} of ${name} must be in the file, got none`);
  const size = shape.reduce((product, n) => product * n, 1);
  const available = Math.floor(storage.length / Values.BYTES_PER_ELEMENT);
  const last =
    size === 0 ? 0 : shape.reduce((at, n, axis) => at + (n - 1) * (strides[axis] ?? 0), offset) + 1;
  // The size as well: with strides of 0 a few bytes could claim to be any number of values.
  if (last > available || size > available)
    return fail(
      `${name} [${shape.join(', ')}] must lie in its storage of ${available} values, got an end at ${last}`,
    );
  // Only what the view spans is copied.
  const [begin, end] = [offset, size === 0 ? offset : last].map((at) => at * Values.BYTES_PER_ELEMENT);
  const all = new Values(storage.slice(begin, end).buffer);
  const isContiguous = strides.every(
    (stride, axis) =>
      shape[axis] === 1 || stride === shape.slice(axis + 1).reduce((product, n) => product * n, 1),
  );
  if (isContiguous) return { dtype, shape, data: all } as SafeTensor;
  const data = new Values(size);
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < size; i++) {
    data[i] = all[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [n = 0, stride = 0] = [shape[axis], strides[axis]];
      index[axis] = (index[axis] ?? 0) + 1;
      from += stride;
      if ((index[axis] ?? 0) < n) break;
      from -= n * stride;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data } as SafeTensor;
}

/** Tensors of the format since PyTorch 1.6: a zip archive of the pickle and one file a storage. */
function decodeArchive(bytes: Uint8Array): Record<string, SafeTensor> {
  const files = storedFiles(bytes);
  const path = [...files.keys()].find((name) => name.endsWith('/data.pkl'));
  const pickle = path === undefined ? undefined : files.get(path);
  if (path === undefined || pickle === undefined) return fail('the archive must hold data.pkl, got none');
  const folder = path.slice(0, -'data.pkl'.length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order.slice()) !== 'little')
    return fail('the numbers must be little-endian, got another order');
  const tensors = viewsIn(unpickle(pickle).value, bytes.length).map(([name, view]) => {
    return [name, materialise(printable(name), view, files.get(`${folder}data/${view.storage}`))] as const;
  });
  return Object.fromEntries(tensors);
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** Tensors of the format before: four pickles, a list of storages, and then their bytes one after the other. */
function decodeStream(bytes: Uint8Array): Record<string, SafeTensor> {
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC || next() !== PROTOCOL) return fail('the file must begin as those of PyTorch do');
  next(); // the machine that wrote it
  const views = viewsIn(next(), bytes.length);
  const keys = next();
  if (!Array.isArray(keys)) return fail('the file must list its storages');
  const sizes = new Map(
    views.map(([, { storage, dtype }]) => [storage, arrays[dtype]?.BYTES_PER_ELEMENT ?? 1]),
  );
  const storages = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const size = typeof key === 'string' ? sizes.get(key) : undefined;
    if (typeof key !== 'string' || size === undefined) return fail('every storage must belong to a tensor');
    if (at + 8 > bytes.length)
      return fail(`the file must hold storage ${printable(key)}, but it ends at byte ${bytes.length}`);
    const length = Number(view.getBigUint64(at, true)) * size;
    at += 8;
    if (at + length > bytes.length)
      return fail(
        `storage ${printable(key)} must have ${length} bytes, but the file ends at byte ${bytes.length}`,
      );
    storages.set(key, bytes.subarray(at, at + length));
    at += length;
  }
  return Object.fromEntries(
    views.map(([name, tensor]) => [name, materialise(printable(name), tensor, storages.get(tensor.storage))]),
  );
}

/** Whether bytes begin as a checkpoint of PyTorch does, in either of its formats. */
export function isTorchCheckpoint(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0x50 && second === 0x4b) || (first === 0x80 && second === 0x02);
}

/**
 * Reads a state dict that `torch.save` wrote, in the format since PyTorch 1.6 or in the one before. No Python is run: of the
 * pickle only tensors and containers are understood, everything else is an error.
 *
 * @param bytes The whole file. Borrowed.
 * @returns Tensors by name, copied; together at most four times the file's size, for tensors may share their values.
 * @throws Error, one sentence, if the file is damaged or holds something else.
 */
export function decodeTorchCheckpoint(bytes: Uint8Array): Record<string, SafeTensor> {
  if (!isTorchCheckpoint(bytes)) return fail('the file must begin as those of PyTorch do');
  return bytes[0] === 0x50 ? decodeArchive(bytes) : decodeStream(bytes);
}
