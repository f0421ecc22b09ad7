import { encodeSafetensors } from '@meanflow/safetensors';
import { zipSync } from 'fflate';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeNpz } from '../npz';
import { serveFiles } from '../testing/fileServer';
import type { FileServerOptions, Mischief } from '../testing/fileServer';
import { readAll } from '../testing/readAll';
import { serve } from '../testing/serve';
import { temporaryFolder } from '../testing/temporaryFolder';
import { shardBytes } from '../testing/webDatasetFiles';
import { openSource } from './openSource';

const http = { retryDelayMs: 1, attempts: 3 };
const quick = { cache: null, http };
const skipping = { ...quick, damage: { policy: 'skip' } } as const;

const bytes = {
  't-0.tar': shardBytes(300, { numClasses: 3 }),
  't-1.tar.gz': new Uint8Array(gzipSync(shardBytes(5, { first: 300, numClasses: 3 }))),
  'classes.txt': Buffer.from('a\nb\nc\n'),
};

async function setup(options: Partial<FileServerOptions> = {}) {
  const settings: FileServerOptions = { files: { ...bytes }, ...options };
  const server = await serveFiles(settings);
  onTestFinished(server.close);
  return { server, settings, location: `${server.url}/{t-0.tar,t-1.tar.gz}` };
}

/** Mischief at requests for the first shard only, and only while `on()`. */
const atShard =
  (on: (range: string) => boolean, mischief: Mischief): Mischief =>
  (request, response, content) =>
    (request.url ?? '').startsWith('/t-0.tar') &&
    on(request.headers.range ?? '') &&
    mischief(request, response, content);

const answer500: Mischief = (_, response) => {
  response.writeHead(500).end();
  return true;
};

describe('WebDataset shards on a server', () => {
  it('are counted once, read whole, and entered in the middle by a range', async () => {
    const { server, location } = await setup();
    const cache = temporaryFolder(onTestFinished);
    const source = await openSource(location, { http, cache });
    expect(source).toMatchObject({ numClasses: 3, classNames: ['a', 'b', 'c'] });
    const all = await readAll(source);
    expect(all).toHaveLength(305);
    if (source.access !== 'sequential') throw new Error('not sequential');
    server.requests.length = 0;
    const again = await openSource(location, { http, cache });
    expect(
      server.requests.filter((request) => request.endsWith(' bytes=0-') && request.startsWith('/t-')),
    ).toEqual([]);
    server.requests.length = 0;
    if (again.access !== 'sequential') throw new Error('not sequential');
    const rest = [];
    for await (const sample of again.read(0, 290)) rest.push(sample);
    expect(rest).toEqual(all.slice(290, 300));
    expect(server.requests).toEqual([`/t-0.tar bytes=${256 * 2048}-`]);
  });
  it('survive answers of 500 and connections that break', async () => {
    let left = 5;
    const { location } = await setup({
      mischief: atShard(
        () => left-- > 0,
        (request, response, content) => {
          if (left % 2 === 1) return answer500(request, response, content);
          const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
          response.writeHead(206, {
            etag: '"v1"',
            'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
          });
          response.write(content.subarray(start, start + 70_000), () => response.destroy());
          return true;
        },
      ),
    });
    expect(await readAll(await openSource(location, quick))).toHaveLength(305);
  });
  it('are a damage when the server answers 500 for ever', async () => {
    let broken = true;
    const { location, server } = await setup({ mischief: atShard(() => broken, answer500) });
    await expect(openSource(location, quick)).rejects.toThrow(
      `data: ${server.url}/t-0.tar: the shard must be readable, got the server must send the file, got HTTP 500 (3 times)`,
    );
    const without = await openSource(location, skipping);
    expect(without.shards.map(({ count }) => count)).toEqual([0, 5]);
    broken = false;
    const [strict, lenient] = [await openSource(location, quick), await openSource(location, skipping)];
    broken = true;
    await expect(readAll(strict)).rejects.toThrow(
      `data: ${server.url}/t-0.tar at byte 0: the server must send the file, got HTTP 500 (3 times). Likely fix: get the file again`,
    );
    lenient.damage.report({ shard: 'x', key: null, offset: null, problem: 'x', samples: 0 });
    await expect(readAll(lenient)).rejects.toThrow('at most 100 damaged samples may be left out, got 300');
  });
  it('are a damage, named where it begins, when the server stops mid-way for good', async () => {
    let broken = false;
    const { location, server } = await setup({
      mischief: atShard(
        () => broken,
        (request, response, content) => {
          if (request.headers.range?.startsWith('bytes=0-') !== true)
            return answer500(request, response, content);
          response.writeHead(206, {
            etag: '"v1"',
            'content-range': `bytes 0-${content.length - 1}/${content.length}`,
          });
          response.write(content.subarray(0, 250 * 2048 + 100), () => response.destroy());
          return true;
        },
      ),
    });
    const source = await openSource(location, skipping);
    broken = true;
    expect(await readAll(source)).toHaveLength(250 + 5);
    expect(source.damage.damages).toEqual([
      {
        shard: `${server.url}/t-0.tar`,
        key: null,
        offset: 250 * 2048 + 100,
        problem: 'the server must send the file, got HTTP 500 (3 times)',
        samples: 50,
      },
    ]);
  });
  it('are a damage when they change or vanish', async () => {
    const { location, settings } = await setup();
    const [changed, gone] = [await openSource(location, quick), await openSource(location, quick)];
    settings.etag = '"v2"';
    await expect(readAll(changed)).rejects.toThrow('the file must stay the same while it is read');
    settings.files = {};
    await expect(readAll(gone)).rejects.toThrow(
      't-0.tar at byte 0: the server must send the file, got HTTP 404.',
    );
  });
  it('need not be looked through where an index lists them', async () => {
    const index = {
      shardlist: [
        { url: 't-0.tar', nsamples: 300 },
        { url: 't-1.tar.gz', nsamples: 5 },
      ],
    };
    const { location, server, settings } = await setup();
    settings.files['index.json'] = Buffer.from(JSON.stringify(index));
    for (const place of [location, `${server.url}/index.json`]) {
      server.requests.length = 0;
      const source = await openSource(place, quick);
      expect(server.requests.filter((request) => request.startsWith('/t-'))).toEqual([]);
      expect(source.numClasses).toBe(3);
      expect(await readAll(source)).toHaveLength(305);
    }
    delete settings.files['classes.txt'];
    await expect(openSource(location, quick)).rejects.toThrow(
      'numClasses must be given where the counts of shards are',
    );
    expect(await readAll(await openSource(location, { ...quick, numClasses: 0 }))).toHaveLength(305);
    settings.files['index.json'] = Buffer.from('[]');
    await expect(openSource(`${server.url}/index.json`, quick)).rejects.toThrow(
      'must be a readable index of shards',
    );
  });
});

describe('other formats on a server', () => {
  const pixels = { dtype: 'uint8', shape: [2, 1, 2, 1], data: Uint8Array.of(1, 2, 3, 4) } as const;
  const latents = { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, 2) } as const;
  it.each([
    ['a.npz', encodeNpz({ images: pixels }), 'random'],
    ['a.zip', zipSync({ 'a.png': Uint8Array.of(1), 'b.png': Uint8Array.of(2) }), 'random'],
    ['a.safetensors', encodeSafetensors({ latents }), 'sequential'],
  ])('reads %s by ranges', async (name, content, access) => {
    const { server } = await setup({ files: { [name]: content } });
    const source = await openSource(`${server.url}/${name}?key=1`, quick);
    expect(source).toMatchObject({ access, name: 'a' });
    expect(await readAll(source)).toHaveLength(2);
  });
  it('says what it cannot recognise', async () => {
    await expect(openSource('https://example.org/data/', quick)).rejects.toThrow(
      'openSource: https://example.org/data/ must be one of: WebDataset shards',
    );
  });
});

describe('the hub', () => {
  async function hub() {
    const authorizations = new Set<string | undefined>();
    const server = await serve((request, response) => {
      authorizations.add(request.headers.authorization);
      const url = (request.url ?? '').replace(/\?.*/, '');
      const tree = /^\/api\/datasets\/me\/birds\/tree\/(main|v2)(\/data)?$/.exec(url);
      if (tree) {
        const inData = tree[2] !== undefined;
        const names = inData ? ['data/t-1.tar.gz', 'data/t-0.tar', 'data/notes.md'] : ['README.md'];
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(names.map((path) => ({ type: 'file', path, size: 1, oid: 'x' }))));
        return;
      }
      const file = /^\/datasets\/me\/birds\/resolve\/(?:main|v2)\/data\/(.+)$/.exec(url)?.[1];
      const content = file === undefined ? undefined : bytes[file as keyof typeof bytes];
      if (content === undefined) {
        response.writeHead(404).end('{}');
        return;
      }
      response.setHeader('etag', '"v1"');
      response.end(content);
    });
    onTestFinished(server.close);
    const before = { ...process.env };
    process.env['HF_ENDPOINT'] = server.url;
    process.env['HF_TOKEN'] = 'hf_secret';
    onTestFinished(() => {
      for (const name of ['HF_ENDPOINT', 'HF_TOKEN']) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    });
    return { server, authorizations };
  }
  it.each([
    ['hf://datasets/me/birds/data/t-0.tar', 300, 't-0'],
    ['hf://datasets/me/birds/data/{t-0.tar,t-1.tar.gz}@v2', 305, 'data'],
    ['hf://datasets/me/birds@v2/data/*.tar.gz', 5, 'data'],
    ['hf://datasets/me/birds/data', 305, 'data'],
  ])('opens %s', async (location, count, name) => {
    const { authorizations } = await hub();
    const source = await openSource(location, quick);
    expect(source).toMatchObject({ name, numClasses: 3, classNames: ['a', 'b', 'c'] });
    expect(source.shards[0]?.name).toMatch(/^hf:\/\/datasets\/me\/birds\/data\/t-[01]\.tar(\.gz)?(@v2)?$/);
    expect(await readAll(source)).toHaveLength(count);
    expect([...authorizations]).toEqual(['Bearer hf_secret']);
  });
  it('says what is not there', async () => {
    await hub();
    await expect(openSource('hf://datasets/me', quick)).rejects.toThrow('must be an address on the hub');
    await expect(openSource('hf://datasets/me/fish/data', quick)).rejects.toThrow(
      'openSource: dataset me/fish must be on the hub, got: ',
    );
    await expect(openSource('hf://datasets/me/birds', quick)).rejects.toThrow(
      'must have files to open, got none',
    );
    await expect(openSource('hf://datasets/me/birds/data/no.tar', quick)).rejects.toThrow(
      'hf://datasets/me/birds/data/no.tar: the shard must be readable, got the server must send the file, got HTTP 404',
    );
  });
});

it('an index beside local shards is used where the classes are known', async () => {
  const folder = join(temporaryFolder(onTestFinished), 'set');
  mkdirSync(folder);
  writeFileSync(join(folder, 't-0.tar'), bytes['t-0.tar']);
  writeFileSync(join(folder, 'wids.json'), '{"shardlist":[{"url":"t-0.tar","nsamples":299}]}');
  expect((await openSource(folder, { ...quick, numClasses: 3 })).shards[0]?.count).toBe(299);
  expect((await openSource(folder, quick)).shards[0]?.count).toBe(300);
});
