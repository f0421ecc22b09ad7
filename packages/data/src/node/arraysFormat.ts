import { openImageArrays } from '../formats/imageArrays';
import { readerOfFile } from '../io/storedFile';
import type { Format } from './format';
import { allNamed, beginsWith, commonOptions, onlyFile } from './onlyFile';

/** NumPy arrays of images. */
export const arraysFormat: Format = {
  format: 'npz',
  description: 'arrays of images (.npz, .npy)',
  recognises(place) {
    return beginsWith(place, [0x93, 0x4e, 0x55, 0x4d]) || allNamed(place, (name) => /\.np[yz]$/i.test(name));
  },
  async open(place, options) {
    return openImageArrays(await readerOfFile(onlyFile(place), options.signal), commonOptions(options));
  },
};
