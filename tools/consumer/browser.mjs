// Runs the bundle, which is made for browsers, without one: tfjs tells where it is by these three globals.
Object.assign(globalThis, { process: undefined, window: globalThis, document: {} });
await import('./dist/bundle.js');
