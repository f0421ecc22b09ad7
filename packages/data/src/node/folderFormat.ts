import type { Format } from './format';
import { openImageFolder } from './imageFolder';
import { commonOptions } from './onlyFile';

/** Folders of image files. */
export const folderFormat: Format = {
  format: 'folder',
  description: 'a folder of images',
  recognises: ({ kind }) => kind === 'folder',
  async open({ location }, options) {
    const { labels } = options;
    return openImageFolder(location, { ...commonOptions(options), ...(labels !== undefined && { labels }) });
  },
};
