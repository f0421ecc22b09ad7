import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configure } from './configuration';
import type { Manifest } from './manifest';

const gpuBefore: Manifest = {
  format: 1,
  state: 'complete',
  tool: '0.1.0',
  configuration: { gpu: true, tensorflow: '2.20.0', python: '/opt/python' },
  added: [],
  changes: [],
  result: null,
};

describe('configure', () => {
  it('takes the wheel for the CPU where nothing is said', () => {
    expect(configure({}, null, '/')).toEqual({ gpu: false, tensorflow: '2.21.0', python: null });
    expect(configure({}, { ...gpuBefore, configuration: null }, '/').gpu).toBe(false);
  });
  it('keeps what is there', () => {
    expect(configure({}, gpuBefore, '/')).toBe(gpuBefore.configuration);
    expect(configure({ verbose: true }, gpuBefore, '/')).toBe(gpuBefore.configuration);
  });
  it('changes what is said', () => {
    expect(configure({ gpu: false }, gpuBefore, '/')).toEqual({
      gpu: false,
      tensorflow: '2.20.0',
      python: '/opt/python',
    });
    expect(configure({ tensorflow: '2.21.0' }, gpuBefore, '/')).toMatchObject({
      gpu: true,
      tensorflow: '2.21.0',
    });
    const installed = {
      ...gpuBefore,
      configuration: { gpu: false, tensorflow: null, python: '/opt/python' },
    };
    expect(configure({ gpu: false }, installed, '/')).toEqual({
      gpu: false,
      tensorflow: '2.21.0',
      python: null,
    });
    expect(configure({ useInstalled: true }, gpuBefore, '/')).toEqual({
      gpu: false,
      tensorflow: null,
      python: null,
    });
  });
  it('takes a path of Python from where the command was given', () => {
    expect(configure({ python: 'env/bin/python' }, null, '/home').python).toBe(
      resolve('/home', 'env/bin/python'),
    );
    expect(configure({ python: 'python3.12' }, null, '/home').python).toBe('python3.12');
  });
  it('refuses a version of a TensorFlow that is there', () => {
    expect(() => configure({ useInstalled: true, tensorflow: '2.21.0' }, null, '/')).toThrow(
      /leave out --tensorflow/,
    );
  });
});
