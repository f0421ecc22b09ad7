import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failed, fakeMachine, fakeProject, packageFiles, scratchFolder, writeFiles } from './fakes.testdata';
import {
  bringPackage,
  explainNpm,
  findBindingPackage,
  findPackage,
  isDeclared,
  placeForPackage,
  readPackage,
} from './nodePackage';

const node = '@tensorflow/tfjs-node';
const gpu = '@tensorflow/tfjs-node-gpu';

describe('findBindingPackage', () => {
  it('finds what a program of the project would import', () => {
    const project = fakeProject(true);
    const inner = join(project, 'apps/one');
    writeFiles(inner, { 'package.json': '{}' });
    const folder = join(project, 'node_modules', node);
    const found = {
      name: node,
      version: '4.22.0',
      folder,
      bindingFolder: join(folder, 'lib/napi-v8'),
      napi: 8,
    };
    expect(findBindingPackage(project, false)).toEqual(found);
    expect(findBindingPackage(inner, true)).toEqual(found);
    writeFiles(join(project, 'node_modules', gpu), packageFiles(gpu));
    expect(findBindingPackage(project, true)?.name).toBe(gpu);
    expect(findBindingPackage(project, false)?.name).toBe(node);
  });
  it('follows links to the real folder', () => {
    const project = fakeProject(false);
    writeFiles(join(project, 'store/node'), packageFiles(node));
    symlinkSync(join(project, 'store/node'), join(project, 'node_modules', node), 'junction');
    expect(findPackage(project, node)).toBe(join(project, 'store/node'));
  });
  it('says when there is none, or one without sources', () => {
    const project = fakeProject(false);
    expect(findBindingPackage(project, false)).toBeNull();
    writeFiles(join(project, 'node_modules', node), { 'package.json': '{"version":"1.0.0"}' });
    expect(() => findBindingPackage(project, false)).toThrow(/is not whole, .* npm install --ignore-scripts/);
    expect(() => readPackage(node, join(project, 'none'))).toThrow(/is not whole/);
  });
});

describe('placeForPackage', () => {
  it('is beside the TensorFlow.js of the project', () => {
    const project = fakeProject(false);
    expect(placeForPackage(project, gpu)).toBe(join(project, 'node_modules/@tensorflow/tfjs-node-gpu'));
  });
  it('needs TensorFlow.js, at the same version', () => {
    const empty = scratchFolder();
    writeFiles(empty, { 'package.json': '{}' });
    expect(() => placeForPackage(empty, node)).toThrow(
      `${empty} has neither ${node} nor @tensorflow/tfjs installed. Install the package that its programs import: npm install --ignore-scripts ${node}@4.22.0`,
    );
    writeFiles(empty, { 'node_modules/@tensorflow/tfjs/package.json': '{"version":"4.20.0"}' });
    expect(() => placeForPackage(empty, node)).toThrow(
      /needs @tensorflow\/tfjs 4\.22\.0, and .* has 4\.20\.0\. Install both/,
    );
  });
});

describe('bringPackage', () => {
  it('adds one folder to the project and nothing else', async () => {
    const project = fakeProject(false);
    writeFiles(project, { '.npmrc': 'registry=http://localhost/' });
    const before = readdirSync(join(project, 'node_modules/@tensorflow'));
    const scratch = join(project, '.native/package');
    const settings: string[] = [];
    const fake = fakeMachine();
    const run: typeof fake.run = async (command, args, options) => {
      settings.push(readFileSync(join(options!.cwd!, '.npmrc'), 'utf8'));
      expect(JSON.parse(readFileSync(join(options!.cwd!, 'package.json'), 'utf8'))).toMatchObject({
        dependencies: { [node]: '4.22.0' },
        overrides: { '@tensorflow/tfjs': 'file:stub' },
      });
      const finished = await fake.run(command, args, options);
      writeFiles(join(options!.cwd!, 'node_modules', node, 'node_modules'), {
        '@tensorflow/tfjs/package.json': '{}',
        'tar/package.json': '{}',
      });
      return finished;
    };
    await bringPackage(project, node, placeForPackage(project, node), {
      scratch,
      log: join(project, 'log'),
      run,
    });
    expect(settings).toEqual(['registry=http://localhost/']);
    expect(readdirSync(join(project, 'node_modules/@tensorflow'))).toEqual([...before, 'tfjs-node']);
    expect(readdirSync(join(project, 'node_modules', node, 'node_modules'))).toEqual(['tar']);
    expect(readFileSync(join(project, 'package-lock.json'), 'utf8')).toBe('{}\n');
    expect(existsSync(scratch)).toBe(false);
  });
  it('says why npm failed', async () => {
    const project = fakeProject(false);
    const fake = fakeMachine();
    const options = { scratch: join(project, '.native/package'), log: join(project, 'log'), run: fake.run };
    fake.instead.npm = () => failed('npm error code ENOTFOUND\nnpm error network');
    await expect(bringPackage(project, node, placeForPackage(project, node), options)).rejects.toThrow(
      'npm does not reach its registry.',
    );
    fake.instead.npm = () => ({ ...failed(), code: null, failure: 'ENOENT' });
    await expect(bringPackage(project, node, placeForPackage(project, node), options)).rejects.toThrow(
      'npm does not start (ENOENT).',
    );
    expect(findPackage(project, node)).toBeNull();
  });
});

it('explains npm', () => {
  expect(explainNpm('npm error code ENOSPC', node)).toMatch(/^The disk became full while npm installed/);
  expect(explainNpm('npm error code E404', node)).toBe(`npm could not install ${node} (E404).`);
  expect(explainNpm('', node)).toBe(`npm could not install ${node}.`);
});

it('knows whether the project asks for a package', () => {
  const project = fakeProject(true);
  expect(isDeclared(project, node)).toBe(false);
  writeFiles(project, { 'package.json': JSON.stringify({ devDependencies: { [node]: '^4.0.0' } }) });
  expect(isDeclared(project, node)).toBe(true);
});
