import { describe, expect, it } from 'vitest';
import { adapterName, deviceDescriptor, isSoftwareAdapter } from './webgpuAdapter';

describe('adapterName', () => {
  it('takes the best name that there is', () => {
    expect(adapterName({ description: 'NVIDIA GeForce RTX 4070', vendor: 'nvidia' })).toBe(
      'NVIDIA GeForce RTX 4070',
    );
    expect(adapterName({ description: '', device: '', vendor: 'apple', architecture: 'metal-3' })).toBe(
      'apple metal-3',
    );
    expect(adapterName({})).toBe('GPU');
  });
});

describe('isSoftwareAdapter', () => {
  it.each([
    [{ vendor: 'google', architecture: 'swiftshader' }, true],
    [{ description: 'llvmpipe (LLVM 19.1, 256 bits)' }, true],
    [{ description: 'Microsoft Basic Render Driver' }, true],
    [{ vendor: 'intel', isFallbackAdapter: true }, true],
    [{ vendor: 'intel', architecture: 'xe', isFallbackAdapter: false }, false],
    [{}, false],
  ])('%j: %s', (info, expected) => {
    expect(isSoftwareAdapter(info)).toBe(expected);
  });
});

describe('deviceDescriptor', () => {
  it('asks for the limits of the adapter, and only for features that it has', () => {
    const limits = { maxBufferSize: 7, maxStorageBuffersPerShaderStage: 5 } as unknown as GPUSupportedLimits;
    const { requiredFeatures, requiredLimits } = deviceDescriptor({
      features: new Set(['subgroups', 'other']),
      limits,
    });
    expect(requiredFeatures).toEqual(['subgroups']);
    expect(requiredLimits).toMatchObject({ maxBufferSize: 7, maxStorageBuffersPerShaderStage: 5 });
  });
});
