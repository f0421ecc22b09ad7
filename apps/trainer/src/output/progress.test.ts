import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Terminal } from '../terminal';
import { showProgress } from './progress';
import type { ProgressInfo } from './progress';

const info: ProgressInfo = { step: 20, loss: 31.234, lr: 0.001, imagesPerSecond: 1523.4, secondsLeft: 130 };

function collecting(screen: NodeJS.WriteStream | null) {
  const lines: string[] = [];
  const print = (text: string) => {
    lines.push(text);
  };
  const terminal: Terminal = { out: print, err: print, screen, program: 'meanflow' };
  return { lines, terminal };
}

describe('away from a terminal', () => {
  it('prints a plain line at each logged step, and notes', () => {
    const { lines, terminal } = collecting(null);
    const progress = showProgress(terminal, { total: 1000, first: 0, unit: 'images' });
    progress.update(info, true);
    progress.update({ ...info, step: 21 }, false);
    progress.note('Step 22 is skipped.');
    progress.stop();
    expect(lines).toEqual([
      'step 20/1000  loss 31.23  lr 0.001  1523 images/s  2 min 10 s left',
      'Step 22 is skipped.',
    ]);
  });
});

describe('on a terminal', () => {
  it('draws one bar with step, loss, rate and time left, and notes above it', async () => {
    let text = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        done();
      },
    });
    const screen = Object.assign(stream, { isTTY: true, columns: 120, cursorTo: () => true, moveCursor: () => true, clearLine: () => true, clearScreenDown: () => true }) as unknown as NodeJS.WriteStream; // prettier-ignore
    const { lines, terminal } = collecting(screen);
    const progress = showProgress(terminal, { total: 1000, first: 0, unit: 'images' });
    progress.update(info, false);
    await new Promise((resolve) => setTimeout(resolve, 300));
    progress.note('Step 22 is skipped.');
    progress.stop();
    expect(text).toMatch(/step 20\/1000 [█░]{24} loss 31\.23 \| 1523 images\/s \| 2 min 10 s left/);
    expect(text).toContain('Step 22 is skipped.\n');
    expect(lines).toEqual([]);
  });
});
