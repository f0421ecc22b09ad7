import { describe, expect, it } from 'vitest';
import { adapterName, isSoftwareAdapter } from './webgpuAdapter';

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
