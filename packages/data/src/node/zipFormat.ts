import { openImageZip } from '../formats/imageZip';
import type { Format } from './format';
import { allNamed, beginsWith, commonOptions, openReader } from './onlyFile';

/** Zip archives of images, as dataset_tool writes them. */
export const zipFormat: Format = {
  format: 'zip',
  description: 'a zip of images (as dataset_tool writes it)',
  recognises: (place) => beginsWith(place, [0x50, 0x4b]) || allNamed(place, (name) => /\.zip$/i.test(name)),
  open: (place, options) =>
    openReader(place, options.signal, (reader) => openImageZip(reader, commonOptions(options))),
};
