import { encodeZip, formImage } from '@meanflow/data';
import type { ImageDecoder, RawImage } from '@meanflow/data';
import { describe, expect, it } from 'vitest';
import { decodeOwnImages, readArrays, sortImages, unpackZips } from './ownImages';
import { encodeImages } from './runFiles';
import type { GivenFile } from './runFiles';
import { someImages, withoutNames } from './train.testdata';

const file = (path: string, bytes: Uint8Array = Uint8Array.of(1)): GivenFile => ({
  path,
  read: () => Promise.resolve(bytes),
});
const sorted = (...paths: string[]) => {
  const { images, labels, classNames } = sortImages(paths.map((path) => file(path)));
  return { paths: images.map(({ path }) => path), labels: labels && [...labels], classNames };
};

describe('sortImages', () => {
  it('makes a class of each folder, in the order of their names', () => {
    expect(sorted('pets/dogs/b.png', 'pets/cats/z.JPG', 'pets/dogs/a.webp', 'pets/notes.txt')).toEqual({
      paths: ['pets/cats/z.JPG', 'pets/dogs/a.webp', 'pets/dogs/b.png'],
      labels: [0, 1, 1],
      classNames: ['cats', 'dogs'],
    });
    expect(sorted('cats/a/1.png', 'dogs/b/2.png').classNames).toEqual(['cats', 'dogs']);
  });
  it('has no classes for one folder, no folder, or images beside folders', () => {
    for (const paths of [
      ['a.png', 'b.png'],
      ['x/a.png', 'x/b.png'],
      ['x/a.png', 'x/y/b.png', 'x/z/c.png'],
    ])
      expect(sorted(...paths)).toMatchObject({ labels: null, classNames: [] });
  });
  it('leaves out hidden files and what a Mac adds to archives', () => {
    expect(sorted('a/.b.png', '__MACOSX/a/c.png', 'a/d.png').paths).toEqual(['a/d.png']);
  });
});

/** A decoder of files of one byte: a grey of that value; 0 is damaged, more than 200 is red. */
const decoder: ImageDecoder = {
  decode: (images, form) =>
    Promise.resolve(
      images.map(([value = 0]) => {
        if (value === 0) return 'the image must be decodable, got zero';
        const rgb = value > 200 ? [value, 0, 0] : [value, value, value];
        const pixels = Uint8Array.from({ length: 12 }, (_, i) => rgb[i % 3] ?? 0);
        const image: RawImage = { kind: 'pixels', pixels, height: 2, width: 2, channels: 3 };
        return formImage(image, form);
      }),
    ),
  close: () => Promise.resolve(),
};
const auto = { side: 2, channels: null };

describe('decodeOwnImages', () => {
  it('is grey where all images are, in colour where one is', async () => {
    const grey = sortImages([file('a/1.png', Uint8Array.of(7)), file('b/2.png', Uint8Array.of(9))]);
    const { dataset, note } = await decodeOwnImages(grey, auto, decoder);
    expect(note).toBeNull();
    expect(dataset).toEqual({
      ...{ name: 'images', count: 2, height: 2, width: 2, channels: 1, numClasses: 2 },
      images: Uint8Array.of(7, 7, 7, 7, 9, 9, 9, 9),
      labels: Int32Array.of(0, 1),
      classNames: ['a', 'b'],
    });
    const red = sortImages([file('1.png', Uint8Array.of(7)), file('2.png', Uint8Array.of(250))]);
    const coloured = (await decodeOwnImages(red, auto, decoder)).dataset;
    expect([coloured.channels, coloured.numClasses, coloured.images[15]]).toEqual([3, 0, 250]);
    expect(coloured.images.slice(12, 15)).toEqual(Uint8Array.of(250, 0, 0));
    expect((await decodeOwnImages(red, { side: 2, channels: 1 }, decoder)).dataset.channels).toBe(1);
  });

  it('leaves out damaged files, tells how far it is, and refuses a set without an image', async () => {
    const many = Array.from({ length: 70 }, (_, i) => file(`${100 + i}.png`, Uint8Array.of(i < 2 ? 0 : i)));
    const told: number[] = [];
    const { dataset, note } = await decodeOwnImages(sortImages(many), auto, decoder, (done) =>
      told.push(done),
    );
    expect(dataset.count).toBe(68);
    expect(note).toBe(
      '2 of 70 files were left out: 100.png (the image must be decodable, got zero), and others.',
    );
    expect(told).toEqual([32, 64, 70]);
    await expect(decodeOwnImages(sortImages(many.slice(0, 1)), auto, decoder)).rejects.toThrow(
      'None of 1 images can be used: 100.png (the image must be decodable, got zero).',
    );
    await expect(decodeOwnImages(sortImages([]), auto, decoder)).rejects.toThrow('There is no image in this');
  });
});

describe('readArrays', () => {
  it('reads an npz and brings it to a form', async () => {
    const images = someImages(5, 2);
    const npz = file('x.npz', encodeImages(images));
    const same = withoutNames(images);
    expect(await readArrays([npz], null)).toEqual(same);
    expect(await readArrays([npz], { side: 8, channels: 1 })).toMatchObject({
      height: 8,
      channels: 1,
      count: 5,
    });
    expect(await readArrays([file('a.png')], null)).toBeNull();
  });
  it('asks for the images of an IDX pair', async () => {
    await expect(readArrays([file('train-labels-idx1-ubyte')], null)).rejects.toThrow(
      'drop the file of the images',
    );
  });
});

it('unpacks archives, whose images then lie below their name', async () => {
  const zip = encodeZip({ 'cats/a.png': Uint8Array.of(3) });
  const [unpacked] = await unpackZips([file('set.zip', zip)]);
  expect(unpacked?.path).toBe('set/cats/a.png');
  expect(await unpacked?.read()).toEqual(Uint8Array.of(3));
  await expect(unpackZips([file('set.zip')])).rejects.toThrow('set.zip is no zip archive');
});
