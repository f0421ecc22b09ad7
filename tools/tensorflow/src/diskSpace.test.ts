import { expect, it } from 'vitest';
import { assertRoom, freeBytes } from './diskSpace';
import { scratchFolder } from './fakes.testdata';

it('says how much room is needed and how much there is', () => {
  expect(() => {
    assertRoom('/data', 2.2e9, 1.26e9);
  }).toThrow(
    'TensorFlow needs about 2.2 GB of disk space while it is installed, and the disk of /data has 1.3 GB left. Make room ' +
      'there.',
  );
  assertRoom('/data', 2.2e9, 2.2e9);
});

it('asks the system', () => {
  const folder = scratchFolder();
  expect(freeBytes(folder)).toBeGreaterThan(0);
});
