import { expect, it } from 'vitest';
import { webgpuDeviceDescriptor } from './deviceDescriptor';

it('asks for the limits of the adapter, and only for features that it has', () => {
  const limits = { maxBufferSize: 7, maxStorageBuffersPerShaderStage: 5, maxBindGroups: 4 };
  expect(webgpuDeviceDescriptor({ features: new Set(['subgroups', 'other']), limits })).toEqual({
    requiredFeatures: ['subgroups'],
    requiredLimits: { maxBufferSize: 7, maxStorageBuffersPerShaderStage: 5 },
  });
});
it('reads limits that an adapter has by its prototype', () => {
  const limits = Object.create({ maxBufferSize: 9 }) as object;
  const { requiredLimits } = webgpuDeviceDescriptor({ features: new Set(), limits });
  expect(requiredLimits).toEqual({ maxBufferSize: 9 });
});
