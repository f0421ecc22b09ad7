import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failed, fakeMachine, linux, ok, scratchFolder, writeFiles } from './fakes.testdata';
import type { FakeMachine } from './fakes.testdata';
import { finishedEnvironment, installWheel, requirementsOf } from './installWheel';
import { planWheel } from './wheel';

const python = { executable: '/usr/bin/python3', version: '3.11.7', arch: 'x64', hasVenv: true };
const plan = planWheel(linux, '2.21.0', false);
const metadata = `Name: tensorflow
Requires-Dist: numpy>=1.26.0
Provides-Extra: and-cuda
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12 (==2.16.5) ; extra == 'and-cuda'
Requires-Dist: tensorflow-io>=0.23.1; (python_version < "3.13") and extra == "gcs-filesystem"
`;

function installation(fake: FakeMachine, folder = scratchFolder()) {
  return {
    ...{ plan, python, machine: linux, folder: join(folder, 'env'), scratch: join(folder, 'pip') },
    ...{ log: join(folder, 'log'), show: 'nothing' as const, run: fake.run, freeBytes: () => 1e12 },
  };
}

it('installs once', async () => {
  const fake = fakeMachine();
  const options = installation(fake);
  expect(finishedEnvironment(options.folder, plan)).toBeNull();
  const tensorflow = await installWheel(options);
  expect(existsSync(join(tensorflow, 'libtensorflow_cc.so.2'))).toBe(true);
  expect(existsSync(options.scratch)).toBe(false);
  expect(finishedEnvironment(options.folder, plan)).toMatchObject({
    tensorflow,
    installed: ['tensorflow-cpu==2.21.0'],
  });
  expect(finishedEnvironment(options.folder, planWheel(linux, '2.20.0', false))).toBeNull();
});

it('goes on with the wheel that is missing', async () => {
  const fake = fakeMachine();
  const options = { ...installation(fake), plan: planWheel(linux, '2.21.0', true) };
  const site = join(options.folder, 'site-packages/tensorflow-2.21.0.dist-info');
  const asked: string[] = [];
  const broken = new Set(['nvidia-nccl-cu12 (==2.16.5)']);
  const run: typeof fake.run = async (command, args, rest) => {
    const requirement = args.at(-1)!;
    if (args[1] === 'pip') asked.push(requirement);
    if (broken.delete(requirement)) return failed('IncompleteRead(1 bytes read)');
    if (requirement.startsWith('nvidia')) return ok();
    const finished = await fake.run(command, args, rest);
    if (args[1] === 'pip') writeFiles(site, { METADATA: metadata });
    return finished;
  };
  await expect(installWheel({ ...options, run })).rejects.toThrow(/^The download of TensorFlow broke off\./);
  expect(finishedEnvironment(options.folder, options.plan)).toBeNull();
  await installWheel({ ...options, run });
  const nccl = 'nvidia-nccl-cu12 (==2.16.5)';
  expect(asked).toEqual(['tensorflow==2.21.0', 'nvidia-cublas-cu12<13.0,>=12.5.3.2', nccl, nccl]);
  expect(fake.actions.filter((action) => action === 'venv')).toHaveLength(1);
  expect(finishedEnvironment(options.folder, options.plan)).not.toBeNull();
});

it('reads the requirements of an extra', () => {
  const site = scratchFolder();
  expect(requirementsOf(site, 'and-cuda')).toEqual([]);
  writeFiles(site, { 'tensorflow-2.21.0.dist-info/METADATA': metadata });
  expect(requirementsOf(site, 'and-cuda')).toEqual([
    'nvidia-cublas-cu12<13.0,>=12.5.3.2',
    'nvidia-nccl-cu12 (==2.16.5)',
  ]);
});

it('says that venv or pip is missing', async () => {
  const fake = fakeMachine();
  const without = { ...installation(fake), python: { ...python, hasVenv: false } };
  const sentence =
    'has no venv or no pip to put into one. Install it (apt install python3.11-venv, or python3-venv), or name another Python with --python PATH.';
  await expect(installWheel(without)).rejects.toThrow(`/usr/bin/python3 ${sentence}`);
  fake.instead.venv = () => failed('Error: Command ... returned non-zero exit status 1.');
  await expect(installWheel(installation(fake))).rejects.toThrow(
    /^\/usr\/bin\/python3 -m venv fails \(exit code 1\)\. Install it/,
  );
  fake.instead.venv = () => failed('OSError: [Errno 28] No space left on device');
  await expect(installWheel(installation(fake))).rejects.toThrow('The disk is full.');
});
