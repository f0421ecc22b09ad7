import { readFileSync } from 'node:fs';
import { decodeSafetensors } from '@meanflow/safetensors';
import { describe, expect, it } from 'vitest';
import { decodeTorchCheckpoint, isTorchCheckpoint } from './torchCheckpoint';
import { fuzzCheckpoint } from './torchCheckpoint.testdata';
import { unpickle } from './unpickle';

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../golden/${name}`, import.meta.url)));
const formats = ['torch_checkpoint.pth', 'torch_checkpoint_1_5.pth'];

describe('decodeTorchCheckpoint', () => {
  it.each(formats)('reads %s as torch does', (name) => {
    const { tensors } = decodeSafetensors(read('torch_checkpoint.safetensors'));
    const found = decodeTorchCheckpoint(read(name));
    expect(Object.keys(found).sort()).toEqual(Object.keys(tensors).sort());
    for (const [key, { dtype, shape, data }] of Object.entries(tensors))
      expect(found[key], key).toEqual({ dtype, shape, data: data.slice() });
  });
  it('knows its files by their beginning', () => {
    expect(formats.map((name) => isTorchCheckpoint(read(name)))).toEqual([true, true]);
    expect(isTorchCheckpoint(read('torch_checkpoint.safetensors'))).toBe(false);
    expect(() => decodeTorchCheckpoint(new Uint8Array())).toThrow(
      'decodeTorchCheckpoint: the file must begin as those of PyTorch do. Likely fix: save the state dict alone, torch.save(model.state_dict(), FILE).',
    );
  });
  it.each(formats)('refuses %s wherever it is cut, in one sentence', (name) => {
    const bytes = read(name);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodeTorchCheckpoint(bytes.slice(0, length)), String(length)).toThrow(
        /^(decodeTorchCheckpoint|unpickle|storedFiles): .*\.$/,
      );
    }
  });
  it.each(formats)('neither crashes nor allocates at random changes of %s', (name) => {
    fuzzCheckpoint(read(name), 2000);
  });
  it('calls nothing that a pickle names', () => {
    // (posix.system, ('true',)) reduced: what an evil file would begin with
    const evil = Uint8Array.from([
      0x80,
      2,
      0x63,
      ...Buffer.from('posix\nsystem\n'),
      0x58,
      4,
      0,
      0,
      0,
      ...Buffer.from('true'),
      0x85,
      0x52,
      0x2e,
    ]);
    expect(unpickle(evil).value).toEqual({ name: 'posix.system', args: ['true'] });
    expect(() => decodeTorchCheckpoint(evil)).toThrow(/^decodeTorchCheckpoint: the file must begin as/);
  });
});
