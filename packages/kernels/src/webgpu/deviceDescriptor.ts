/** What is looked at of a GPUAdapter. */
export interface AdapterOffer {
  readonly features: { has(name: string): boolean };
  readonly limits: object;
}

/** For profiles, for tfjs, and for kernels of ours: subgroups for attention and products, float16 for products. */
const FEATURES = ['timestamp-query', 'bgra8unorm-storage', 'subgroups', 'shader-f16'];

/** Those of tfjs, and the buffers that one program of Adam updates. */
const LIMITS = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/**
 * The descriptor of a device on which these kernels have all that they can use, for `adapter.requestDevice`: without one a
 * device has no feature and the smallest limits that there are. It asks for what the adapter has and for nothing else.
 *
 * @param adapter A GPUAdapter.
 */
export function webgpuDeviceDescriptor({ features, limits }: AdapterOffer): {
  requiredFeatures: string[];
  requiredLimits: Record<string, number>;
} {
  const known = limits as Readonly<Record<string, number | undefined>>;
  return {
    requiredFeatures: FEATURES.filter((name) => features.has(name)),
    requiredLimits: Object.fromEntries(
      LIMITS.flatMap((name): [string, number][] => {
        const limit = known[name]; // no own property of the object, and absent in older browsers
        return limit === undefined ? [] : [[name, limit]];
      }),
    ),
  };
}
