/** A name of Python's, `module.name`, that a pickle refers to. Nothing of the kind is ever called. */
export class PythonName {
  constructor(readonly name: string) {}
}

/** A value that a pickle makes with `reduce`: the function's name and its arguments. */
export class PythonCall {
  constructor(
    readonly name: string,
    readonly args: readonly PickleValue[],
  ) {}
}

/** What stands for an object outside of the pickle. */
export class PersistentId {
  constructor(readonly id: PickleValue) {}
}

/** A value of a pickle. Lists and tuples are arrays, dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PythonName
  | PythonCall
  | PersistentId
  | PickleValue[]
  | Map<PickleValue, PickleValue>;

const MARK = Symbol('mark');
type StackItem = PickleValue | typeof MARK;

/** Functions whose results are dictionaries, to which a pickle adds entries later. */
const DICTIONARIES = new Set(['collections.OrderedDict']);

function fail(problem: string): never {
  throw new Error(`unpickle: ${problem}. Likely fix: get the file again.`);
}

/** The machine that a pickle is a program for, without any of its power to call functions. */
class Machine {
  private readonly stack: StackItem[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private take(length: number): Uint8Array {
    const end = this.position + length;
    if (length < 0 || end > this.bytes.length)
      fail(`the pickle ends within a value at byte ${this.position}`);
    const taken = this.bytes.subarray(this.position, end);
    this.position = end;
    return taken;
  }

  /** An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
  private unsigned(size: number): number {
    return this.take(size).reduceRight((total, byte) => total * 256 + byte, 0);
  }

  private text(length: number): string {
    return new TextDecoder().decode(this.take(length).slice()); // copied: browsers refuse shared memory
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) fail(`the pickle ends within a name at byte ${this.position}`);
    const line = this.text(end - this.position);
    this.position++;
    return line;
  }

  /** A little-endian number in two's complement. */
  private long(length: number): number | bigint {
    const taken = this.take(length);
    let value = taken.reduceRight((total, byte) => total * 256n + BigInt(byte), 0n);
    if ((taken.at(-1) ?? 0) >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private push(value: StackItem): void {
    this.stack.push(value);
  }

  private pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === MARK)
      fail(`the pickle takes a value that is not there at byte ${this.position}`);
    return value;
  }

  private top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  private popToMark(): PickleValue[] {
    const start = this.stack.lastIndexOf(MARK);
    if (start < 0) fail(`the pickle has no mark at byte ${this.position}`);
    return this.stack.splice(start).slice(1) as PickleValue[];
  }

  private popTuple(length: number): PickleValue[] {
    return Array.from({ length }, () => this.pop()).reverse();
  }

  private global(module: PickleValue | undefined, name: PickleValue | undefined): void {
    if (typeof module !== 'string' || typeof name !== 'string')
      return fail(`the pickle names what is no name at byte ${this.position}`);
    this.push(new PythonName(`${module}.${name}`));
  }

  private reduce(): void {
    const [args, callee] = [this.pop(), this.pop()];
    if (!(callee instanceof PythonName) || !Array.isArray(args))
      return fail(`the pickle calls what is no function at byte ${this.position}`);
    this.push(DICTIONARIES.has(callee.name) ? new Map() : new PythonCall(callee.name, args));
  }

  /** The state of an object: that of a dictionary are attributes, which mean nothing here. */
  private build(): void {
    this.pop();
    this.top();
  }

  private setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0)
      return fail(`the pickle sets items of what is no dictionary at byte ${this.position}`);
    for (let i = 0; i < items.length; i += 2) target.set(items[i] ?? null, items[i + 1] ?? null);
  }

  private append(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!Array.isArray(target)) return fail(`the pickle appends to what is no list at byte ${this.position}`);
    for (const item of items) target.push(item);
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) fail(`the pickle recalls what it has not kept at byte ${this.position}`);
    this.push(value);
  }

  private keep(index: number): void {
    this.memo.set(index, this.top());
  }

  private readonly operations: Readonly<Record<number, () => void>> = {
    0x80: () => this.take(1), // PROTO
    0x95: () => this.take(8), // FRAME
    0x28: () => {
      this.push(MARK);
    },
    0x30: () => this.pop(), // POP
    0x4e: () => {
      this.push(null);
    },
    0x88: () => {
      this.push(true);
    },
    0x89: () => {
      this.push(false);
    },
    0x4b: () => {
      this.push(this.unsigned(1));
    }, // BININT1
    0x4d: () => {
      this.push(this.unsigned(2));
    }, // BININT2
    0x4a: () => {
      this.push(this.unsigned(4) | 0);
    }, // BININT
    0x8a: () => {
      this.push(this.long(this.unsigned(1)));
    }, // LONG1
    0x47: () => {
      this.take(8);
      this.push(this.view.getFloat64(this.position - 8));
    }, // BINFLOAT
    0x58: () => {
      this.push(this.text(this.unsigned(4)));
    }, // BINUNICODE
    0x8c: () => {
      this.push(this.text(this.unsigned(1)));
    }, // SHORT_BINUNICODE
    0x54: () => {
      this.push(this.take(this.unsigned(4)).slice());
    }, // BINSTRING
    0x55: () => {
      this.push(this.take(this.unsigned(1)).slice());
    }, // SHORT_BINSTRING
    0x42: () => {
      this.push(this.take(this.unsigned(4)).slice());
    }, // BINBYTES
    0x43: () => {
      this.push(this.take(this.unsigned(1)).slice());
    }, // SHORT_BINBYTES
    0x29: () => {
      this.push([]);
    }, // EMPTY_TUPLE
    0x5d: () => {
      this.push([]);
    }, // EMPTY_LIST
    0x7d: () => {
      this.push(new Map());
    }, // EMPTY_DICT
    0x74: () => {
      this.push(this.popToMark());
    }, // TUPLE
    0x85: () => {
      this.push(this.popTuple(1));
    },
    0x86: () => {
      this.push(this.popTuple(2));
    },
    0x87: () => {
      this.push(this.popTuple(3));
    },
    0x61: () => {
      const item = this.pop();
      this.append([item]);
    },
    0x65: () => {
      this.append(this.popToMark());
    },
    0x73: () => {
      this.setItems(this.popTuple(2));
    },
    0x75: () => {
      this.setItems(this.popToMark());
    },
    0x63: () => {
      const module = this.line();
      this.global(module, this.line());
    }, // GLOBAL
    0x93: () => {
      const [module, name] = this.popTuple(2);
      this.global(module, name);
    },
    0x51: () => {
      this.push(new PersistentId(this.pop()));
    }, // BINPERSID
    0x52: () => {
      this.reduce();
    },
    0x62: () => {
      this.build();
    },
    0x71: () => {
      this.keep(this.unsigned(1));
    }, // BINPUT
    0x72: () => {
      this.keep(this.unsigned(4));
    }, // LONG_BINPUT
    0x94: () => {
      this.keep(this.memo.size);
    }, // MEMOIZE
    0x68: () => {
      this.recall(this.unsigned(1));
    }, // BINGET
    0x6a: () => {
      this.recall(this.unsigned(4));
    }, // LONG_BINGET
  };

  run(): PickleValue {
    for (;;) {
      const at = this.position;
      const code = this.unsigned(1);
      if (code === 0x2e) return this.pop();
      const operation = this.operations[code];
      if (operation === undefined)
        fail(`the pickle has an unknown operation 0x${code.toString(16)} at byte ${at}`);
      operation();
    }
  }
}

/**
 * Reads one pickle of Python, as far as weights files of PyTorch need it. It calls nothing and imports nothing: functions
 * and classes stay names. Its memory is bounded by the pickle's size.
 *
 * @param bytes Borrowed.
 * @param start Where the pickle begins. Default 0.
 * @returns The value, and where the pickle ends.
 * @throws Error, one sentence with the place, if the pickle is damaged or does what weights need not.
 * @see https://docs.python.org/3/library/pickletools.html
 */
export function unpickle(bytes: Uint8Array, start = 0): { value: PickleValue; end: number } {
  const machine = new Machine(bytes, start);
  return { value: machine.run(), end: machine.position };
}
