import { expect, it } from 'vitest';
import { augment } from './augment';

const [height, width, channels, count] = [4, 5, 2, 300];
const size = height * width * channels;
const pixels = Uint8Array.from({ length: count * size }, (_, i) => (i * 7) % 251);
const images = { pixels, height, width, channels };
const all = Uint32Array.from({ length: count }, (_, i) => i);

/** An image moved and mirrored by its definition. */
function moved(index: number, down: number, right: number, mirror: boolean): number[] {
  const clamp = (value: number, limit: number) => Math.min(limit - 1, Math.max(0, value));
  return Array.from({ length: size }, (_, i) => {
    const [row, column, c] = [
      Math.floor(i / channels / width),
      Math.floor(i / channels) % width,
      i % channels,
    ];
    const [fromRow, shifted] = [clamp(row - down, height), clamp(column - right, width)];
    const fromColumn = mirror ? width - 1 - shifted : shifted;
    return pixels[index * size + (fromRow * width + fromColumn) * channels + c] ?? NaN;
  });
}

it('changes nothing without shift and flip', () => {
  expect(augment(images, all, { shift: 0, flip: false, seed: 1, epoch: 2 })).toEqual(pixels);
});

it('moves and mirrors, every way about equally often, each image by its own draw', () => {
  const out = augment(images, all, { shift: 1, flip: true, seed: 1, epoch: 2 });
  const ways = new Map<string, number>();
  for (const index of all) {
    const image = [...out.subarray(index * size, (index + 1) * size)].join();
    const found: string[] = [];
    for (const down of [-1, 0, 1])
      for (const right of [-1, 0, 1])
        for (const mirror of [false, true])
          if (moved(index, down, right, mirror).join() === image)
            found.push(`${down} ${right} ${mirror ? 'm' : ''}`);
    expect(found).toHaveLength(1);
    for (const way of found) ways.set(way, (ways.get(way) ?? 0) + 1);
  }
  expect(ways.size).toBe(18);
  expect(Math.max(...ways.values())).toBeLessThan(40); // 17 on average
});

it('depends on seed, epoch and image alone', () => {
  const options = { shift: 1, flip: true, seed: 1, epoch: 2 };
  const part = Uint32Array.of(7, 3);
  const whole = augment(images, all, options);
  const both = [7, 3].flatMap((index) => [...whole.subarray(index * size, (index + 1) * size)]);
  expect([...augment(images, part, options)]).toEqual(both);
  expect(augment(images, all, { ...options, epoch: 3 })).not.toEqual(whole);
});
