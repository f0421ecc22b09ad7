import type { Format } from './format';
import { idxImagesIn, isIdxName, openIdx } from './idxFiles';
import { allNamed, beginsWith, commonOptions, onlyFile } from './onlyFile';

/** IDX files as MNIST has them; of a folder, the training set. */
export const idxFormat: Format = {
  format: 'idx',
  description: 'IDX images (as train-images-idx3-ubyte.gz, or a folder of them)',
  async recognises(place) {
    if (place.kind === 'folder') return (await idxImagesIn(place.location)).length > 0;
    const isUint8Images = beginsWith(place, [0, 0, 8, 3]) || beginsWith(place, [0, 0, 8, 4]);
    return isUint8Images || allNamed(place, isIdxName);
  },
  async open(place, options) {
    const { labels } = options;
    const images = place.kind === 'folder' ? (await idxImagesIn(place.location))[0] : onlyFile(place).name;
    return openIdx(images ?? place.location, {
      ...commonOptions(options),
      ...(labels !== undefined && { labels }),
    });
  },
};
