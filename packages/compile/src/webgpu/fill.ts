const WORKGROUP = 64;
const MAX_GROUPS = 32768;

const code = `
struct Filling { word: u32, count: u32 }
@group(0) @binding(0) var<storage, read_write> to: array<u32>;
@group(0) @binding(1) var<uniform> filling: Filling;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * ${WORKGROUP}u;
  if (i < filling.count) { to[i] = filling.word; }
}`;

const pipelines = new WeakMap<GPUDevice, GPUComputePipeline>();

/** Fills a storage buffer (binding 0) with one word: binding 1 is a uniform of the word and the number of words. */
export function fillPipeline(device: GPUDevice): GPUComputePipeline {
  const known = pipelines.get(device);
  if (known !== undefined) return known;
  const module = device.createShaderModule({ code, label: 'fill' });
  const pipeline = device.createComputePipeline({
    label: 'fill',
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  pipelines.set(device, pipeline);
  return pipeline;
}

/** Workgroups that fill so many words. */
export function fillWorkgroups(words: number): [number, number, number] {
  const groups = Math.ceil(words / WORKGROUP);
  return [Math.min(groups, MAX_GROUPS), Math.ceil(groups / MAX_GROUPS), 1];
}
