import { describe, expect, it } from 'vitest';
import { adapterName } from './webgpuAdapter';

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
