import { extent, gridSize } from './frame';

/** Centres of the cells of the grid that the field is drawn on, [gridSize^2, 2], rows from below. */
export function gridPoints(): Float32Array {
  const points = new Float32Array(2 * gridSize ** 2);
  const at = (i: number) => ((2 * i + 1) / gridSize - 1) * extent;
  for (let i = 0; i < gridSize ** 2; i++) points.set([at(i % gridSize), at(Math.floor(i / gridSize))], 2 * i);
  return points;
}
