import { loadDigits } from '@meanflow/data';
import { describe, expect, it } from 'vitest';
import { gridOf, labelsInTurn, realImages, scatterPicture } from './pictures';

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

describe('realImages', () => {
  const digits = loadDigits();
  it('takes the first images of each wanted class', () => {
    const labels = Int32Array.of(7, 7, 2);
    const { shape, data } = realImages(digits, 3, labels);
    expect(shape).toEqual([3, 8, 8, 1]);
    const first = digits.labels.indexOf(7);
    const expected = [first, digits.labels.indexOf(7, first + 1), digits.labels.indexOf(2)];
    for (const [i, index] of expected.entries()) {
      const pixels = Array.from(digits.images.subarray(64 * index, 64 * (index + 1)), (v) => v / 127.5 - 1);
      expect(Array.from(data as Float32Array).slice(64 * i, 64 * (i + 1))).toEqual(pixels.map(Math.fround));
    }
  });
  it('leaves black what a class has too few of', () => {
    const set = { ...digits, images: digits.images.subarray(0, 64), labels: Int32Array.of(0), count: 1 };
    const { data } = realImages(set, 2, Int32Array.of(0, 0));
    expect(new Set(Array.from(data as Float32Array).slice(64))).toEqual(new Set([-1]));
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
