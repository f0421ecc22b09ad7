const EXTENSIONS = /\.(jpe?g|png|webp|gif|avif|bmp|tiff?|ppm|pgm)$/i;

/** Whether a path is that of an image, by its extension; hidden files are none. */
export function isImageName(path: string): boolean {
  return EXTENSIONS.test(path) && path[path.lastIndexOf('/') + 1] !== '.';
}
