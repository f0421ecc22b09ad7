import { describe, expect, it } from 'vitest';
import { drawable, gridPicture } from './drawable';
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

describe('drawable', () => {
  const images = (channels: number) => ({
    shape: [1, 1, 2, channels],
    data: Float32Array.from({ length: 2 * channels }, (_, i) => i),
  });
  it('leaves grey and colour alone', () => {
    expect(drawable(images(1)).data).toEqual(images(1).data);
    expect(drawable(images(3)).shape).toEqual([1, 1, 2, 3]);
  });
  it('shows the first of two channels, and the first three of more', () => {
    expect([...(drawable(images(2)).data as Float32Array)]).toEqual([0, 2]);
    expect([...(drawable(images(4)).data as Float32Array)]).toEqual([0, 1, 2, 4, 5, 6]);
    expect(drawable(images(4)).shape).toEqual([1, 1, 2, 3]);
  });
});

describe('gridPicture', () => {
  it('enlarges small images to about 56 pixels and leaves large ones', () => {
    const picture = (side: number) =>
      gridPicture({ shape: [2, side, side, 1], data: new Float32Array(2 * side * side) }, 2);
    expect(picture(8).width).toBe(2 * (56 + 2) + 2);
    expect(picture(28).height).toBe(56 + 4);
    expect(picture(256).width).toBe(2 * (256 + 2) + 2);
  });
});
