import type { Binding, Memory } from './recording';

// Stand-ins for objects of WebGPU: tfjs and kernels use them as if they were real, and nothing happens on the device.

/** A buffer without memory on the device. */
export class VirtualBuffer {
  /** What it is in the recording. */
  memory: Memory | null = null;
  /** What the host has written; null if nothing. */
  bytes: Uint8Array | null = null;
  mapState: GPUBufferMapState;

  constructor(
    readonly size: number,
    readonly usage: number,
    isMapped: boolean,
  ) {
    this.mapState = isMapped ? 'mapped' : 'unmapped';
    if (isMapped) this.bytes = new Uint8Array(size);
  }

  getMappedRange(): ArrayBuffer {
    this.bytes ??= new Uint8Array(this.size);
    return this.bytes.buffer as ArrayBuffer;
  }

  unmap(): void {
    this.mapState = 'unmapped';
  }

  destroy(): void {
    // There is nothing to free.
  }
}

const virtualBuffers = new WeakMap<object, VirtualBuffer>();

/** A virtual buffer that passes for a real one, `instanceof` included. */
export function disguise(buffer: VirtualBuffer): GPUBuffer {
  const face = Object.create(GPUBuffer.prototype) as GPUBuffer;
  const property = (name: keyof GPUBuffer & keyof VirtualBuffer, get: () => unknown) => {
    Object.defineProperty(face, name, { get });
  };
  property('size', () => buffer.size);
  property('usage', () => buffer.usage);
  property('mapState', () => buffer.mapState);
  property('getMappedRange', () => () => buffer.getMappedRange());
  property('unmap', () => () => {
    buffer.unmap();
  });
  property('destroy', () => () => {
    buffer.destroy();
  });
  virtualBuffers.set(face, buffer);
  return face;
}

/** The virtual buffer behind its disguise; undefined for a real one. */
export function virtual(buffer: GPUBuffer): VirtualBuffer | undefined {
  return virtualBuffers.get(buffer);
}

/** A bind group that is only noted. */
export interface VirtualBindGroup {
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly Binding[];
}

const bindGroups = new WeakMap<object, VirtualBindGroup>();

/** A bind group of the recording that passes for a real one. */
export function disguiseGroup(group: VirtualBindGroup): GPUBindGroup {
  const face = Object.create(GPUBindGroup.prototype) as GPUBindGroup;
  bindGroups.set(face, group);
  return face;
}

/** What encoding into a virtual encoder reports. */
export interface CommandListener {
  dispatch(pipeline: GPUComputePipeline, group: VirtualBindGroup, workgroups: [number, number, number]): void;
  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, size: number): void;
  /** Something that no recording can hold. */
  refuse(what: string): never;
}

/** Whatever is not listed in `methods` is refused by its name. */
function onlyWith<T extends object>(methods: Partial<T>, listener: CommandListener, of: string): T {
  return new Proxy(methods as T, {
    get: (target, name) => {
      if (Reflect.has(target, name)) return Reflect.get(target, name) as unknown;
      return typeof name === 'symbol' ? undefined : () => listener.refuse(`it uses ${name} of a ${of}`);
    },
  });
}

function computePass(listener: CommandListener): GPUComputePassEncoder {
  let pipeline: GPUComputePipeline | null = null;
  let group: VirtualBindGroup | undefined;
  const methods = {
    setPipeline: (next: GPUComputePipeline) => {
      pipeline = next;
    },
    setBindGroup: (index: number, next: GPUBindGroup) => {
      if (index !== 0) listener.refuse('it uses a second bind group');
      group = bindGroups.get(next);
    },
    dispatchWorkgroups: (x: number, y = 1, z = 1) => {
      if (pipeline === null || group === undefined)
        throw new Error('internal: a dispatch without pipeline or without a bind group of the recording.');
      listener.dispatch(pipeline, group, [x, y, z]);
    },
    end: () => undefined,
  };
  return onlyWith<GPUComputePassEncoder>(methods as Partial<GPUComputePassEncoder>, listener, 'compute pass');
}

/** A command encoder that reports what is encoded. */
export function commandEncoder(listener: CommandListener): GPUCommandEncoder {
  const methods = {
    beginComputePass: () => computePass(listener),
    copyBufferToBuffer: (...args: [GPUBuffer, number, GPUBuffer, number, number]) => {
      listener.copy(...args);
    },
  };
  return onlyWith<GPUCommandEncoder>(methods as Partial<GPUCommandEncoder>, listener, 'command encoder');
}
