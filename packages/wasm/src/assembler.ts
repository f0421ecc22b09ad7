// A small assembler for WebAssembly: expressions and statements are byte sequences, a kernel is a TypeScript function
// that puts them together, and what would be a macro elsewhere is a plain function here.
// Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html

type ValueType = 'i32' | 'f32' | 'f64' | 'v128';
const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Code that leaves one value of a type. */
interface Value<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: readonly number[];
}
/** Code that leaves nothing. */
type Statement = readonly number[];
export type I32 = Value<'i32'>;
export type F32 = Value<'f32'>;
export type F64 = Value<'f64'>;
export type V128 = Value<'v128'>;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Signed LEB128 of an int32. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    if (rest >> 6 === 0 || rest >> 6 === -1) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const float = (value: number) => [...new Uint8Array(Float32Array.of(value).buffer)];
const double = (value: number) => [...new Uint8Array(Float64Array.of(value).buffer)];

function operation<T extends ValueType>(type: T, ...opcode: number[]) {
  return (...operands: Value[]): Value<T> => ({
    type,
    code: [...operands.flatMap(({ code }) => code), ...opcode],
  });
}
const simd = (opcode: number) => [0xfd, ...unsigned(opcode)];

/** Integers, addresses among them. */
export const i32 = {
  of: (value: number): I32 => ({ type: 'i32', code: [0x41, ...signed(value)] }),
  add: operation('i32', 0x6a),
  sub: operation('i32', 0x6b),
  mul: operation('i32', 0x6c),
  and: operation('i32', 0x71),
  isZero: operation('i32', 0x45),
  lessS: operation('i32', 0x48),
  lessU: operation('i32', 0x49),
  /** The first of two values if the condition holds, else the second. */
  select: operation('i32', 0x1b),
};

/** Numbers. Addresses are multiples of 4. */
export const f32 = {
  of: (value: number): F32 => ({ type: 'f32', code: [0x43, ...float(value)] }),
  load: (address: I32, offset = 0): F32 => ({
    type: 'f32',
    code: [...address.code, 0x2a, 2, ...unsigned(offset)],
  }),
  store: (address: I32, value: F32, offset = 0): Statement => [
    ...address.code,
    ...value.code,
    0x38,
    2,
    ...unsigned(offset),
  ],
  add: operation('f32', 0x92),
  sub: operation('f32', 0x93),
  mul: operation('f32', 0x94),
  div: operation('f32', 0x95),
  max: operation('f32', 0x97),
  fromI32: operation('f32', 0xb2),
  lane: (vector: V128, lane: number): F32 => ({ type: 'f32', code: [...vector.code, ...simd(0x1f), lane] }),
};

/** Numbers of double precision. Addresses are multiples of 8. */
export const f64 = {
  of: (value: number): F64 => ({ type: 'f64', code: [0x44, ...double(value)] }),
  load: (address: I32, offset = 0): F64 => ({
    type: 'f64',
    code: [...address.code, 0x2b, 3, ...unsigned(offset)],
  }),
  store: (address: I32, value: F64, offset = 0): Statement => [
    ...address.code,
    ...value.code,
    0x39,
    3,
    ...unsigned(offset),
  ],
  add: operation('f64', 0xa0),
  mul: operation('f64', 0xa2),
  lane: (vector: V128, lane: number): F64 => ({ type: 'f64', code: [...vector.code, ...simd(0x21), lane] }),
};

/** Four numbers at once. */
export const f32x4 = {
  of: (value: number): V128 => {
    const bytes = float(value);
    return { type: 'v128', code: [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes] };
  },
  load: (address: I32, offset = 0): V128 => ({
    type: 'v128',
    code: [...address.code, ...simd(0x00), 2, ...unsigned(offset)],
  }),
  /** One number in all four places. */
  loadSplat: (address: I32, offset = 0): V128 => ({
    type: 'v128',
    code: [...address.code, ...simd(0x09), 2, ...unsigned(offset)],
  }),
  store: (address: I32, value: V128, offset = 0): Statement => [
    ...address.code,
    ...value.code,
    ...simd(0x0b),
    2,
    ...unsigned(offset),
  ],
  splat: operation('v128', ...simd(0x13)),
  add: operation('v128', ...simd(0xe4)),
  sub: operation('v128', ...simd(0xe5)),
  mul: operation('v128', ...simd(0xe6)),
  div: operation('v128', ...simd(0xe7)),
  sqrt: operation('v128', ...simd(0xe3)),
  min: operation('v128', ...simd(0xe8)),
  max: operation('v128', ...simd(0xe9)),
  nearest: operation('v128', ...simd(0x6a)),
  /** a b + c, rounded once or twice: an instruction of relaxed SIMD. */
  relaxedMadd: operation('v128', ...simd(0x105)),
  /** Bytes of two vectors by number, 0 ... 31. */
  shuffle: (a: V128, b: V128, lanes: readonly number[]): V128 => ({
    type: 'v128',
    code: [
      ...a.code,
      ...b.code,
      ...simd(0x0d),
      ...lanes.flatMap((n) => [4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3]),
    ],
  }),
};

/** Two numbers of double precision at once. */
export const f64x2 = {
  of: (value: number): V128 => ({
    type: 'v128',
    code: [...simd(0x0c), ...double(value), ...double(value)],
  }),
  load: f32x4.load,
  /** One number in both places. */
  loadSplat: (address: I32, offset = 0): V128 => ({
    type: 'v128',
    code: [...address.code, ...simd(0x0a), 3, ...unsigned(offset)],
  }),
  store: f32x4.store,
  splat: operation('v128', ...simd(0x14)),
  add: operation('v128', ...simd(0xf0)),
  mul: operation('v128', ...simd(0xf2)),
  /** a b + c, rounded once or twice: an instruction of relaxed SIMD. */
  relaxedMadd: operation('v128', ...simd(0x107)),
};

/** Four integers at once. */
export const i32x4 = {
  add: operation('v128', ...simd(0xae)),
  shl: operation('v128', ...simd(0xab)),
  splat: operation('v128', ...simd(0x11)),
  fromF32x4: operation('v128', ...simd(0xf8)),
};

/** A parameter or local variable; as a value, what it holds. */
export interface Local<T extends ValueType = ValueType> extends Value<T> {
  set(value: Value<T>): Statement;
}

/** A function while it is written. */
export interface FunctionBuilder {
  parameter<T extends ValueType>(type: T): Local<T>;
  local<T extends ValueType>(type: T): Local<T>;
  /** Appends statements. */
  emit(...statements: Statement[]): void;
  /** Repeats what `body` emits while a condition holds, which is tested before each round. */
  while(condition: I32, body: () => void): void;
  /** What `body` emits happens only if a condition holds. */
  if(condition: I32, body: () => void): void;
  /** Statement that calls another function of the module. */
  call(name: string, ...args: Value[]): Statement;
}

export type Kernel = (builder: FunctionBuilder) => void;

interface Assembled {
  parameters: ValueType[];
  body: number[];
}

function assembleFunction(kernel: Kernel, indexOf: (name: string) => number): Assembled {
  const parameters: ValueType[] = [];
  const locals: ValueType[] = [];
  const code: number[] = [];
  const local = <T extends ValueType>(type: T, index: number): Local<T> => ({
    type,
    code: [0x20, ...unsigned(index)],
    set: (value) => [...value.code, 0x21, ...unsigned(index)],
  });
  const append = (bytes: readonly number[]) => {
    for (const byte of bytes) code.push(byte);
  };
  kernel({
    parameter: (type) => {
      if (locals.length > 0) throw new Error('internal: parameters come before local variables.');
      return local(type, parameters.push(type) - 1);
    },
    local: (type) => local(type, parameters.length + locals.push(type) - 1),
    emit: (...statements) => {
      statements.forEach(append);
    },
    while: (condition, body) => {
      append([0x02, 0x40, 0x03, 0x40, ...condition.code, 0x45, 0x0d, 1]); // leave the block if it does not hold
      body();
      append([0x0c, 0, 0x0b, 0x0b]);
    },
    if: (condition, body) => {
      append([...condition.code, 0x04, 0x40]);
      body();
      append([0x0b]);
    },
    call: (name, ...args) => [...args.flatMap((arg) => arg.code), 0x10, ...unsigned(indexOf(name))],
  });
  const declared = locals.flatMap((type) => [1, typeCodes[type]]);
  return { parameters, body: [...unsigned(locals.length), ...declared, ...code, 0x0b] };
}

const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
const text = (value: string) => vector(Array.from(value, (letter) => [letter.charCodeAt(0)]));
const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];

/**
 * A module of the given functions, all exported, over a memory that it imports as `env.memory`.
 *
 * @param shared Whether that memory is shared between threads.
 */
export function assemble(
  kernels: Readonly<Record<string, Kernel>>,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(kernels);
  const functions = Object.values(kernels).map((kernel) =>
    assembleFunction(kernel, (name) => {
      if (!names.includes(name)) throw new Error(`internal: no function ${name}.`);
      return names.indexOf(name);
    }),
  );
  const limits = shared ? [3, 0, ...unsigned(65536)] : [0, 0];
  const types = functions.map(({ parameters }) => [
    0x60,
    ...vector(parameters.map((type) => [typeCodes[type]])),
    0,
  ]);
  const exported = names.map((name, i) => [...text(name), 0, ...unsigned(i)]);
  const bodies = functions.map(({ body }) => [...unsigned(body.length), ...body]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text('env'), ...text('memory'), 2, ...limits]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
  ]);
}
