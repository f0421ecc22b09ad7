import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunDirectory, runPaths } from './runDirectory';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meanflow-run-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});
const lockFile = () => join(root, 'run.lock');
const writeLock = (holder: object) => {
  writeFileSync(lockFile(), JSON.stringify(holder));
};

/** Opens and closes the run, and expects that nothing of the lock stays. */
function openAndClose(): void {
  openRunDirectory(root).close();
  expect(readdirSync(root)).toEqual(['checkpoints', 'samples']);
}

describe('a run directory', () => {
  it('has its folders, and is the same again when it is opened again', () => {
    openAndClose();
    openAndClose();
    const { config, metrics, checkpoints, sample } = runPaths(root);
    expect([config, metrics, checkpoints, sample(1000)]).toEqual(
      ['config.yaml', 'metrics.jsonl', 'checkpoints', 'samples/step-00001000.png'].map((name) =>
        join(root, name),
      ),
    );
  });

  it('is cleaned of what a killed process left', () => {
    const partial = join(root, 'checkpoints', '.partial-step-00000001');
    mkdirSync(partial, { recursive: true });
    mkdirSync(join(root, 'samples'));
    const files = [join(root, 'metrics.jsonl.partial'), join(root, 'samples', 'step-00000001.png.partial')];
    for (const file of files) writeFileSync(file, '');
    openAndClose();
    expect([partial, ...files].filter((path) => existsSync(path))).toEqual([]);
  });

  it('is locked while it is open, and says by whom', () => {
    const run = openRunDirectory(root);
    expect(() => openRunDirectory(root)).toThrow(
      `acquireRunLock: one process at a time may train into ${root}, and process ${process.pid} on ${hostname()} does. ` +
        `If it is gone, delete ${lockFile()}.`,
    );
    run.close();
    openAndClose();
  });

  it('is locked by a live process and taken over from a killed one', async () => {
    const other = spawn('sleep', ['60']);
    writeLock({ pid: other.pid, host: hostname(), started: null });
    expect(() => openRunDirectory(root)).toThrow(`process ${other.pid} on`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    openAndClose();
  });

  it.runIf(process.platform === 'linux')(
    'is taken over when another process got the pid of the old one',
    () => {
      const run = openRunDirectory(root);
      const holder = JSON.parse(readFileSync(lockFile(), 'utf8')) as { started: string };
      run.close();
      writeLock({ ...holder, started: `${holder.started}1` });
      openAndClose();
    },
  );

  it('stays locked by a process of another host, of which nothing is known', () => {
    const { pid } = spawnSync('true');
    writeLock({ pid, host: 'elsewhere', started: null });
    expect(() => openRunDirectory(root)).toThrow(`process ${pid} on elsewhere does`);
  });

  it('is taken over from a process that was killed while it wrote the lock, after ten seconds', () => {
    writeFileSync(lockFile(), '{"pid":');
    expect(() => openRunDirectory(root)).toThrow('and another process does');
    const old = Date.now() / 1000 - 11;
    utimesSync(lockFile(), old, old);
    openAndClose();
  });
});
