import { expect, it } from 'vitest';
import { startChild } from './child';
import type { Child } from './child';

/** A program in JavaScript that greets, and answers every request with what `answer` makes of it. */
async function start(greeting: object, answer = '({ ms: 2, value: 1 })'): Promise<Child> {
  const script = `
    const { createInterface } = require('node:readline');
    console.log(${JSON.stringify(JSON.stringify(greeting))});
    createInterface({ input: process.stdin }).on('line', (line) => {
      console.log(JSON.stringify(${answer}));
    });`;
  const child = await startChild({ command: process.execPath, args: ['-e', script] });
  if ('absent' in child) throw new Error(child.absent);
  return child;
}

it('asks and is answered, also after a pause', async () => {
  const child = await start({ ready: true, versions: { a: '1' } });
  expect(child.versions).toEqual({ a: '1' });
  expect(await child.ask({ do: 'step' })).toEqual({ ms: 2, value: 1 });
  child.pause();
  child.resume();
  expect(await child.ask({ do: 'step' })).toEqual({ ms: 2, value: 1 });
  await child.stop();
});
it('ends a program that is paused', async () => {
  const child = await start({ ready: true, versions: {} });
  child.pause();
  await child.stop();
  expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
});
it('throws what a program says went wrong', async () => {
  const child = await start({ ready: true, versions: {} }, "({ error: 'no memory' })");
  await expect(child.ask({ do: 'step' })).rejects.toThrow('no memory');
  await child.stop();
});
it('throws the last words of a program that ends', async () => {
  const answer = "(process.stderr.write('cannot go on\\n'), process.exit(1))";
  const child = await start({ ready: true, versions: {} }, answer);
  await expect(child.ask({ do: 'step' })).rejects.toThrow('cannot go on');
});
it('reports an interpreter that is not there, and a package that is missing', async () => {
  expect(await startChild({ command: 'no-such-python', args: [] })).toEqual({
    absent: 'no-such-python does not start (ENOENT)',
  });
  const script = 'console.log(JSON.stringify({ absent: "there is no jax", fix: "get it" }))';
  expect(await startChild({ command: process.execPath, args: ['-e', script] })).toEqual({
    absent: 'there is no jax',
    fix: 'get it',
  });
});
it('throws for a program that ends without a word', async () => {
  await expect(startChild({ command: process.execPath, args: ['-e', '0'] })).rejects.toThrow(
    'it said nothing',
  );
});
