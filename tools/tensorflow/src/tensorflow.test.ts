import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failed, linux, ok, scratchFolder, tensorflowFiles, writeFiles } from './fakes.testdata';
import { inspectTensorflow, locateTensorflow } from './tensorflow';

const python = { executable: '/usr/bin/python3', version: '3.11.7', arch: 'x64', hasVenv: true };

describe('locateTensorflow', () => {
  it('is the folder of the package', async () => {
    const run = () => Promise.resolve(ok('/site/tensorflow/__init__.py\n'));
    expect(await locateTensorflow(python, run)).toBe('/site/tensorflow');
  });
  it.each([ok('none\n'), failed('no')])('says that there is none', async (finished) => {
    await expect(locateTensorflow(python, () => Promise.resolve(finished))).rejects.toThrow(
      /^\/usr\/bin\/python3 has no TensorFlow\. Leave out --use-installed/,
    );
  });
});

describe('inspectTensorflow', () => {
  const installed = (arch?: number) => {
    const site = scratchFolder();
    writeFiles(site, {
      'tensorflow_estimator-2.15.0.dist-info/RECORD': 'tensorflow_estimator/__init__.py,sha256=x,1\n',
      ...tensorflowFiles('2.20.1', arch),
    });
    return join(site, 'tensorflow');
  };

  it('reads version and hashes out of what pip wrote down', () => {
    const folder = installed();
    expect(inspectTensorflow(folder, linux)).toEqual({
      folder,
      distribution: 'tensorflow_cpu',
      version: '2.20.1',
      libraries: [
        { name: 'libtensorflow_cc.so.2', bytes: 64, hash: 'sha256=abc' },
        { name: 'libtensorflow_framework.so.2', bytes: 64, hash: 'sha256=def' },
      ],
    });
  });

  it.each(['include/tensorflow/c/c_api.h', 'include/tensorflow/c/eager/c_api.h', 'libtensorflow_cc.so.2'])(
    'says that %s is missing',
    (file) => {
      const folder = installed();
      rmSync(join(folder, file));
      expect(() => inspectTensorflow(folder, linux)).toThrow(
        `The TensorFlow in ${folder} (2.20.1) has no ${file}, so nothing can be compiled against it.`,
      );
    },
  );

  it('refuses libraries for another processor', () => {
    const folder = installed(183);
    expect(() => inspectTensorflow(folder, linux)).toThrow(/is for arm64, and this Node\.js is for x64\./);
  });
});
