import { generateTab } from './generate/view';
import { openShell } from './shell/shell';
import { trainTab } from './train/view';
import { understandTab } from './understand/view';

const root = document.querySelector<HTMLElement>('#app');
if (root === null) throw new Error('internal: the page has no #app.');
openShell(root, [generateTab, understandTab, trainTab]);
