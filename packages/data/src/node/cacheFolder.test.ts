import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cacheFolder } from './cacheFolder';

it('follows XDG_CACHE_HOME, else the platform', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'darwin')).toBe(join('/c', 'meanflow'));
  expect(cacheFolder({ XDG_CACHE_HOME: '' }, 'linux')).toBe(join(homedir(), '.cache', 'meanflow'));
  expect(cacheFolder({}, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'meanflow'));
  expect(cacheFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'meanflow', 'cache'));
});
