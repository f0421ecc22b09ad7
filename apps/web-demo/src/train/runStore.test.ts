import { describe, expect, it } from 'vitest';
import { openRunStore } from './runStore';
import { memoryFiles, runAt, someImages, withoutNames } from './train.testdata';

const digitsRun = (step: number) => ({ ...runAt(step), images: null });

describe('a run store', () => {
  it('gives back the run that was kept last, in whatever program', async () => {
    const files = memoryFiles();
    expect(await openRunStore(files).load()).toEqual({ run: null, problem: null });
    const store = openRunStore(files);
    for (const step of [1, 2, 3]) {
      expect(await store.save(digitsRun(step))).toBeGreaterThan(1000);
      for (const reader of [store, openRunStore(files)]) {
        expect((await reader.load()).run).toMatchObject(digitsRun(step));
      }
    }
    await openRunStore(files).save(digitsRun(4));
    expect((await openRunStore(files).load()).run?.checkpoint).toEqual(runAt(4).checkpoint);
    expect(files.content.size).toBe(2);
    await store.clear();
    expect(files.content.size).toBe(0);
  });

  it('has a whole run after a kill at any byte, of the new one or of the one before', async () => {
    const first = memoryFiles();
    await openRunStore(first).save(digitsRun(1));
    const length = (await openRunStore(memoryFiles()).save(digitsRun(2))) + 1;
    const cuts = [...Array.from({ length: 60 }, (_, i) => Math.floor((i * length) / 60)), length - 2, length];
    for (const cut of cuts) {
      const files = memoryFiles();
      for (const [name, bytes] of first.content) files.content.set(name, bytes.slice());
      files.budget = cut;
      const saved = await openRunStore(files)
        .save(digitsRun(2))
        .then(() => true, () => false); // prettier-ignore
      files.budget = null;
      const { run, problem } = await openRunStore(files).load();
      expect(run?.checkpoint.snapshot.step, `cut at ${cut}`).toBe(saved ? 2 : 1);
      expect(problem === null || /^The latest save .* of step 1, is used\.$/.test(problem)).toBe(true);
      // and it can be written again
      await openRunStore(files).save(digitsRun(3));
      expect(await openRunStore(files).load()).toMatchObject({ run: digitsRun(3), problem: null });
    }
  });

  it('finds every damaged byte, and uses the run before', async () => {
    const files = memoryFiles();
    const store = openRunStore(files);
    await store.save(digitsRun(1));
    await store.save(digitsRun(2));
    const newest = files.content.get('b.zip')!;
    const checkpointBytes = 4 * 600; // the four files lie behind the small ones
    for (let k = 0; k < 40; k++) {
      const at = newest.length - 900 - Math.floor((k * checkpointBytes) / 40);
      const damaged = newest.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      files.content.set('b.zip', damaged);
      const { run, problem } = await openRunStore(files).load();
      const { step } = run!.checkpoint.snapshot;
      if (step === 2) expect(run).toMatchObject(digitsRun(2));
      else expect(problem).toMatch(/damaged/);
    }
    files.content.set('b.zip', newest);
    files.content.set('a.zip', Uint8Array.of(1, 2, 3));
    expect(await openRunStore(files).load()).toMatchObject({ run: digitsRun(2) });
    files.content.set('b.zip', Uint8Array.of());
    const { run, problem } = await openRunStore(files).load();
    expect(run).toBeNull();
    expect(problem).toBe(
      'The latest save on this device is damaged, and there is no other: it cannot be used.',
    );
  });

  it('leaves no part behind where storage is full, and keeps the run before', async () => {
    const files = memoryFiles();
    const store = openRunStore(files);
    await store.save(digitsRun(1));
    const full = { ...files, write: (name: string) => { files.content.set(name, Uint8Array.of(1)); return Promise.reject(new DOMException('full', 'QuotaExceededError')); } }; // prettier-ignore
    await expect(openRunStore(full).save(digitsRun(2))).rejects.toThrow('full');
    expect([...files.content.keys()]).toEqual(['a.zip']);
    expect((await openRunStore(files).load()).run).toMatchObject(digitsRun(1));
  });

  it('keeps images once, with the run that they belong to', async () => {
    const files = memoryFiles();
    const store = openRunStore(files);
    const images = someImages(5, 3);
    const first = await store.save({ ...runAt(1), images });
    const second = await store.save({ ...runAt(2), images });
    expect(first - second).toBeGreaterThan(5 * 48);
    const pixels = withoutNames(images);
    expect((await openRunStore(files).load()).run?.images).toEqual(pixels);
    expect([...files.content.keys()].filter((name) => name.startsWith('images-'))).toHaveLength(1);
    // another program, another set: the old one stays as long as a run needs it
    const other = openRunStore(files);
    await other.save({ ...runAt(3), images: someImages(6, 2) });
    expect([...files.content.keys()].filter((name) => name.startsWith('images-'))).toHaveLength(2);
    await other.save({ ...runAt(4), images: someImages(7, 2) });
    expect((await openRunStore(files).load()).run?.images?.count).toBe(7);
    const [damaged] = [...files.content.keys()].filter((name) => name.startsWith('images-')).slice(-1);
    files.content.set(damaged!, Uint8Array.of(9));
    const { run, problem } = await openRunStore(files).load();
    expect(run?.images?.count).toBe(6);
    expect(problem).toContain('its images are damaged');
  });
});
