import { openImageArrays } from '../formats/imageArrays';
import type { Format } from './format';
import { allNamed, beginsWith, commonOptions, openReader } from './onlyFile';

/** NumPy arrays of images. */
export const arraysFormat: Format = {
  format: 'npz',
  description: 'arrays of images (.npz, .npy)',
  recognises(place) {
    return beginsWith(place, [0x93, 0x4e, 0x55, 0x4d]) || allNamed(place, (name) => /\.np[yz]$/i.test(name));
  },
  open: (place, options) =>
    openReader(place, options.signal, (reader) => openImageArrays(reader, commonOptions(options))),
};
