import { describe, expect, it } from 'vitest';
import { isSoftwareAdapter } from './softwareAdapter';

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
