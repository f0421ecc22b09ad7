import { expect, it } from 'vitest';
import { pythonOf } from './programs';
import { setUpPeers } from './setup';

/** Records commands instead of running them; the ones that contain `failing` fail. */
function recorder(failing = 'nothing fails') {
  const lines: string[] = [];
  const run = (command: string, args: readonly string[]) => {
    const line = [command, ...args].join(' ');
    lines.push(line);
    return line.includes(failing) ? 1 : 0;
  };
  return { lines, run };
}

it('makes an environment and installs pinned versions', () => {
  const { lines, run } = recorder();
  setUpPeers({ python: 'python3' }, run, 'nowhere');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toBe('python3 -m venv nowhere');
  expect(lines[2]).toContain(`${pythonOf('nowhere')} -m pip install`);
  expect(lines[2]).toMatch(
    / torch==\S+ torchvision==\S+ jax==\S+ tensorflow-cpu==\S+ numpy==\S+ webdataset==\S+ pillow==\S+ pytorch-fid==\S+ scipy==\S+ prdc==\S+ scikit-learn==\S+$/,
  );
});
it('takes PyTorch from another index first', () => {
  const { lines, run } = recorder();
  setUpPeers({ python: 'python3', torchIndex: 'https://example.org/cpu' }, run, 'nowhere');
  expect(lines[2]).toMatch(/--index-url https:\/\/example.org\/cpu torch==\S+ torchvision==\S+$/);
  expect(lines).toHaveLength(4);
});
it('says what is wrong', () => {
  expect(() => {
    setUpPeers({ python: 'python2' }, recorder('python2 -c').run, 'nowhere');
  }).toThrow('setup: python2 must be Python 3.11 or later. Name another with --python.');
  expect(() => {
    setUpPeers({ python: 'python3' }, recorder('pip').run, 'nowhere');
  }).toThrow('failed, see above');
});
