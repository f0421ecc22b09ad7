import { imageGrid } from '@meanflow/train';
import { describe, expect, it } from 'vitest';
import { layoutTiles, tilePixels } from './tiles';

describe('layoutTiles', () => {
  it('takes the largest whole scale that fits', () => {
    expect(layoutTiles([80, 8, 8, 1], 8, 600, 2)).toEqual({
      ...{ columns: 8, rows: 10, scale: 9, gap: 2 },
      ...{ width: 8 * 72 + 14, height: 10 * 72 + 18 },
    });
  });
  it('never goes below one pixel', () => {
    expect(layoutTiles([16, 28, 28, 1], 4, 60, 1).scale).toBe(1);
  });
});

describe('tilePixels', () => {
  const shape = [3, 2, 2, 1];
  const data = Float32Array.from({ length: 12 }, (_, i) => -1.2 + 0.2 * i);
  it('has the same pixels as the grid of the trainer', () => {
    const layout = layoutTiles(shape, 2, 14, 2); // scale 3
    const grid = imageGrid({ shape, data }, { columns: 2, scale: 3, gap: 2 });
    const pixels = tilePixels({ shape, data }, layout);
    for (let y = 0; y < layout.height; y++) {
      for (let x = 0; x < layout.width; x++) {
        const at = (y * layout.width + x) * 4;
        if (pixels[at + 3] === 0) continue; // a gap
        expect(pixels[at]).toBe(grid.data[((y + 2) * grid.width + x + 2) * 3]);
      }
    }
    expect(pixels.filter((_, i) => i % 4 === 3 && pixels[i] === 255)).toHaveLength(3 * 36);
  });
  it('shows three channels in colour', () => {
    const pixels = tilePixels(
      { shape: [1, 1, 1, 4], data: Float32Array.of(-1, 0, 1, 0) },
      layoutTiles([1, 1, 1], 1, 1, 0),
    );
    expect([...pixels]).toEqual([0, 128, 255, 255]);
  });
});
