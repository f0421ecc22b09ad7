import { describe, expect, it } from 'vitest';
import { sideBySide } from './sideBySide';

const solid = (width: number, height: number, value: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

describe('sideBySide', () => {
  it('puts the right picture behind the gap, both at the top', () => {
    const { width, height, data } = sideBySide(solid(2, 1, 10), solid(1, 2, 20), 3);
    expect([width, height]).toEqual([6, 2]);
    const firstChannel = Array.from({ length: 12 }, (_, i) => data[3 * i]);
    expect(firstChannel).toEqual([10, 10, 255, 255, 255, 20, 255, 255, 255, 255, 255, 20]);
  });
});
