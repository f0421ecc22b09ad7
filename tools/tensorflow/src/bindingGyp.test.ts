import { describe, expect, it } from 'vitest';
import { bindingGyp, runPath } from './bindingGyp';
import type { BindingGyp } from './bindingGyp';
import { libraryNames } from './libraries';

const options: BindingGyp = {
  platform: 'linux',
  tensorflow: '/home/me/my project/.native/env/site-packages/tensorflow',
  libraries: libraryNames('linux'),
  bindingFolder: '/home/me/my project/node_modules/@tensorflow/tfjs-node/lib/napi-v8',
  project: '/home/me/my project',
  napi: 8,
};
const elsewhere = { ...options, tensorflow: "/opt/o'neill/tensorflow" };

interface Gyp {
  readonly target_defaults: { readonly defines: string[] };
  readonly targets: readonly {
    readonly target_name: string;
    readonly include_dirs?: string[];
    readonly libraries: string[];
  }[];
}
const parse = (from: BindingGyp) => JSON.parse(bindingGyp(from)) as Gyp;

describe('runPath', () => {
  it('moves with the project if TensorFlow is inside of it', () => {
    const inside = '../../../../../.native/env/site-packages/tensorflow';
    expect(runPath(options)).toBe(`$ORIGIN/${inside}`);
    expect(runPath({ ...options, platform: 'darwin' })).toBe(`@loader_path/${inside}`);
  });
  it('is absolute for any other', () => {
    expect(runPath(elsewhere)).toBe("/opt/o'neill/tensorflow");
  });
});

describe('bindingGyp', () => {
  it('links to the libraries where they are, for make and a shell', () => {
    const { target_defaults, targets } = parse(options);
    expect(target_defaults.defines).toEqual(['NAPI_VERSION=8']);
    expect(targets.map(({ target_name: name }) => name)).toEqual(['tfjs_binding_tensorflow', 'tfjs_binding']);
    expect(targets[0]).toMatchObject({
      include_dirs: ['tensorflow/include'],
      libraries: [
        '-L../tensorflow',
        '-l:libtensorflow_cc.so.2',
        '-l:libtensorflow_framework.so.2',
        "'-Wl,-rpath,$$ORIGIN/../../../../../.native/env/site-packages/tensorflow'",
        "'-Wl,-z,now'",
      ],
    });
  });
  it('quotes what a shell would take for something else', () => {
    expect(parse(elsewhere).targets[0]!.libraries[3]).toBe(
      String.raw`'-Wl,-rpath,/opt/o'\''neill/tensorflow'`,
    );
  });
  it('names the files of the libraries on macOS', () => {
    const { targets } = parse({ ...options, platform: 'darwin', libraries: libraryNames('darwin') });
    expect(targets[0]!.libraries.slice(0, 2)).toEqual([
      '../tensorflow/libtensorflow_cc.2.dylib',
      '../tensorflow/libtensorflow_framework.2.dylib',
    ]);
  });
});
