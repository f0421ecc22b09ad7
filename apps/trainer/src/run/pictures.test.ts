import { describe, expect, it } from 'vitest';
import { gridOf, labelsInTurn, scatterPicture } from './pictures';

describe('gridOf', () => {
  it('has one row a class', () => {
    const { count, columns, labels } = gridOf({ numClasses: 3 }, 2);
    expect([count, columns, [...(labels ?? [])]]).toEqual([6, 2, [0, 0, 1, 1, 2, 2]]);
  });
  it('is a square without classes, and not endless with a thousand', () => {
    expect(gridOf({ numClasses: 0 }, 4)).toEqual({ count: 16, columns: 4, labels: null });
    expect(gridOf({ numClasses: 1000 }, 8).count).toBe(160);
  });
});

it('shows all data and what samples lie near', () => {
  const white = (picture: { data: Uint8Array }) => picture.data.every((v) => v === 255);
  expect(white(scatterPicture(Float32Array.of(2, 2), new Float32Array()))).toBe(false);
  const far = scatterPicture(new Float32Array(), Float32Array.of(1e6, 1e6)); // a sample gone astray scales nothing
  expect(white(far)).toBe(true);
});

it('gives points their classes in turn', () => {
  expect([...(labelsInTurn(3, 5) ?? [])]).toEqual([0, 1, 2, 0, 1]);
  expect(labelsInTurn(0, 5)).toBeNull();
});
