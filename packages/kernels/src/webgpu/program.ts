import type { GpuDevice, GpuPipeline } from './backend';

/** A compute shader: what it binds, and its code in WGSL. */
export interface Program {
  /** Its name in profiles; with `variant` the key of its pipeline. */
  readonly name: string;
  /** What the code was written for, where there are several. */
  readonly variant?: string;
  /**
   * Storage buffers that it reads, then those that it writes, by their names in the code: arrays of `Value`, or of the
   * type behind a colon, as in `ids: u32`.
   */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Unsigned numbers that a call gives, `sizes.name` in the code. */
  readonly sizes: readonly string[];
  /** `Value`: four numbers at once, or one where a width is not a multiple of 4. */
  readonly wide: boolean;
  /** Declarations, and `fn main`. Called once for each device. */
  readonly code: () => string;
  /** Extensions of WGSL that it needs. */
  readonly enables?: readonly string[];
}

/** `Value` and what differs between its widths. */
const valueCode = (wide: boolean) =>
  wide
    ? `alias Value = vec4<f32>;
const LENGTH = 4u;
fn total(v: Value) -> f32 { return dot(v, Value(1.0)); }`
    : `alias Value = f32;
const LENGTH = 1u;
fn total(v: Value) -> f32 { return v; }`;

/** The whole text of a program: bindings in the order reads, writes, sizes. */
function programText({ reads, writes, sizes, wide, code, enables = [] }: Program): string {
  const bound = [
    ...reads.map((text) => ({ text, access: 'read' })),
    ...writes.map((text) => ({ text, access: 'read_write' })),
  ].map(({ text, access }, i) => {
    const [name = '', type = 'Value'] = text.split(': ');
    return `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`;
  });
  return [
    ...enables.map((name) => `enable ${name};`),
    valueCode(wide),
    ...bound,
    `struct Sizes { ${sizes.map((name) => `${name}: u32,`).join(' ')} }`,
    `@group(0) @binding(${bound.length}) var<uniform> sizes: Sizes;`,
    code(),
  ].join('\n');
}

const pipelines = new WeakMap<GpuDevice, Map<string, GpuPipeline>>();

/** The compiled program, made when a device first needs it. */
export function pipelineOf(device: GpuDevice, program: Program): GpuPipeline {
  let known = pipelines.get(device);
  if (known === undefined) pipelines.set(device, (known = new Map<string, GpuPipeline>()));
  const key = `${program.name} ${program.variant ?? ''} ${program.wide ? 'wide' : 'narrow'}`;
  let pipeline = known.get(key);
  if (pipeline === undefined) {
    const label = `meanflow/${program.name}`;
    const module = device.createShaderModule({ label, code: programText(program) });
    pipeline = device.createComputePipeline({
      label,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    known.set(key, pipeline);
  }
  return pipeline;
}
