import { format } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';

// tfjs reports some mistakes only by logging (async work in a tidy, a kernel registered twice), so a test that
// prints fails. A test that expects output replaces the method with a spy of its own.
const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
const welcome = 'looks like you are running TensorFlow.js in Node.js'; // tfjs-cpu greets once per process

let printed: string[] = [];
for (const method of methods) {
  const original = console[method].bind(console);
  console[method] = (...args: unknown[]) => {
    const text = format(...args);
    if (text.includes(welcome)) return;
    printed.push(`console.${method}: ${text}`);
    original(...args);
  };
}

beforeEach(() => {
  printed = [];
});
afterEach(() => {
  expect(printed, 'console output during the test').toEqual([]);
});
