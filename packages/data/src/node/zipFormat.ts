import { openImageZip } from '../formats/imageZip';
import { readerOfFile } from '../io/storedFile';
import type { Format } from './format';
import { allNamed, beginsWith, commonOptions, onlyFile } from './onlyFile';

/** Zip archives of images, as dataset_tool writes them. */
export const zipFormat: Format = {
  format: 'zip',
  description: 'a zip of images (as dataset_tool writes it)',
  recognises: (place) => beginsWith(place, [0x50, 0x4b]) || allNamed(place, (name) => /\.zip$/i.test(name)),
  async open(place, options) {
    return openImageZip(await readerOfFile(onlyFile(place), options.signal), commonOptions(options));
  },
};
