import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePng } from '../rgbImage';
import { maskedCrc32c } from './crc32c';
import { openEventFile } from './tensorboard';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meanflow-events-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The records of a TFRecord file, after checking every length and CRC. */
function records(path: string): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(maskedCrc32c(data));
    found.push(data);
    at += 16 + length;
  }
  return found;
}

type Field = number | bigint | Uint8Array;

/** The fields of a protocol buffer message: [number, value], varints as numbers, 64 and 32 bits as floats. */
function fields(message: Uint8Array): [number, Field][] {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const found: [number, Field][] = [];
  while (at < message.length) {
    const key = varint();
    const type = key & 7;
    let value: Field;
    if (type === 0) value = varint();
    else if (type === 1) value = view.getFloat64((at += 8) - 8, true);
    else if (type === 5) value = view.getFloat32((at += 4) - 4, true);
    else {
      const length = varint();
      value = message.subarray(at, (at += length));
    }
    found.push([key >> 3, value]);
  }
  return found;
}

const text = (value: Field | undefined) => new TextDecoder().decode(value as Uint8Array);
const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => 9 * i) };

describe('an event file', () => {
  it('holds its version, the start of the session, scalars and images, each in a record with right CRCs', () => {
    let clock = 1000.5;
    const writer = openEventFile(folder, { now: () => clock++ });
    writer.scalars(300, { 'train/loss': 0.25, lr: 1e-4 });
    writer.image(70000, 'samples', image);
    writer.flush();
    writer.close();
    const [version, start, scalars, picture, ...more] = records(writer.path).map(fields);
    expect(more).toEqual([]);
    expect(version?.map(([number, value]) => (number === 3 ? text(value) : value))).toEqual([
      1001.5,
      0,
      'brain.Event:2',
    ]);
    expect(start).toEqual([
      [1, 1002.5],
      [2, 0],
      [7, Uint8Array.of(8, 1)],
    ]);

    expect(scalars?.slice(0, 2)).toEqual([
      [1, 1003.5],
      [2, 300],
    ]);
    const values = fields(scalars?.[2]?.[1] as Uint8Array).map(
      ([number, value]) => [number, fields(value as Uint8Array)] as const,
    );
    expect(values.map(([number, value]) => [number, text(value[0]?.[1]), value[1]])).toEqual([
      [1, 'train/loss', [2, 0.25]],
      [1, 'lr', [2, Math.fround(1e-4)]],
    ]);

    expect(picture?.slice(0, 2)).toEqual([
      [1, 1004.5],
      [2, 70000],
    ]);
    const value = fields(fields(picture?.[2]?.[1] as Uint8Array)[0]?.[1] as Uint8Array);
    expect(text(value[0]?.[1])).toBe('samples');
    expect(value[1]?.[0]).toBe(4);
    const [height, width, space, png] = fields(value[1]?.[1] as Uint8Array);
    expect([height, width, space]).toEqual([
      [1, 2],
      [2, 3],
      [3, 3],
    ]);
    expect(png?.[0]).toBe(4);
    expect(png?.[1]).toEqual(encodePng(image));
  });

  it('has a name that sorts after the files before it, though the clock stands still or went back', () => {
    const names = [5000, 5000, 20].map((seconds) => {
      const writer = openEventFile(folder, { now: () => seconds });
      writer.close();
      return basename(writer.path);
    });
    expect(names).toEqual(
      [5000, 5001, 5002].map((stamp) => `events.out.tfevents.000000${stamp}.${hostname()}`),
    );
    expect(readdirSync(folder).sort()).toEqual(names);
  });

  it('refuses a step that is no natural number', () => {
    expect(() => openEventFile(folder, { firstStep: -1 })).toThrow(
      'openEventFile: step must be a natural number, got -1.',
    );
    const writer = openEventFile(folder);
    expect(() => {
      writer.scalars(0.5, {});
    }).toThrow('scalars: step must be a natural number, got 0.5.');
    writer.close();
  });
});

const python = process.env['MEANFLOW_PYTHON'];
const found = python !== undefined && spawnSync(python, ['-c', 'import tensorboard']).status === 0;
const reason = python === undefined ? 'MEANFLOW_PYTHON is not set' : `${python} cannot import tensorboard`;

describe.skipIf(!found)(
  `TensorBoard's own reader${found ? '' : ` (skipped: ${reason}; set it to a python3 with tensorboard)`}`,
  () => {
    const script = fileURLToPath(new URL('../../../../tools/reference/read_events.py', import.meta.url));
    const readBack = (): unknown => {
      const { status, stdout, stderr } = spawnSync(python ?? '', [script, folder], { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return JSON.parse(stdout);
    };

    it('finds the scalars and images of a run, and of a resumed run what its resumption left', () => {
      const first = openEventFile(folder);
      for (const step of [1, 2, 3, 4, 5]) first.scalars(step, { loss: step / 4, lr: 0.5 });
      first.image(2, 'samples', image);
      first.image(4, 'samples', image);
      first.close();
      const png = createHash('sha256').update(encodePng(image)).digest('hex');
      const loss = [1, 2, 3, 4, 5].map((step) => [step, step / 4]);
      const lr = [1, 2, 3, 4, 5].map((step) => [step, 0.5]);
      const samples = [2, 4].map((step) => [step, 3, 2, png]);
      expect(readBack()).toEqual({ scalars: { loss, lr }, images: { samples } });

      const second = openEventFile(folder, { firstStep: 4 }); // resumed from the checkpoint of step 3
      second.scalars(4, { loss: 8 });
      second.close();
      expect(readBack()).toEqual({
        scalars: { loss: [...loss.slice(0, 3), [4, 8]], lr: lr.slice(0, 3) },
        images: { samples: samples.slice(0, 1) },
      });
    });
  },
);
