import type { RgbImage } from '@meanflow/train';

/** A picture as a PNG file. */
async function pngOf({ width, height, data }: RgbImage): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = data[3 * i + c] ?? 0;
    pixels.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The browser cannot make a PNG of this picture.'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** Hands a file to the visitor. */
function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** Hands a picture to the visitor, as a PNG file. */
export async function savePng(image: RgbImage, name: string): Promise<void> {
  saveFile(await pngOf(image), name);
}
