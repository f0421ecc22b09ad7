import { describeBackends } from '@meanflow/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { jvp } from '../jvp';
import { kernelsWithJvp } from '../registry';
import { beyondCases, draw, gradientCases } from './cases.testdata';
import type { Case, Sample } from './cases.testdata';

/** Kernels with integer or boolean outputs: handled for all such kernels at once, so they need no rule. */
const integerOutputs = ['ArgMax', 'ArgMin', 'GreaterEqual', 'IsFinite', 'IsInf', 'IsNan', 'OneHot'];

const hasGradient = (kernel: string) => (tf.getGradient(kernel) as unknown) !== undefined;

interface Point {
  inputs: tf.Tensor[];
  directions: tf.Tensor[];
  weights: tf.Tensor;
}

function drawPoint(sample: Sample, seed: number): Point {
  const inputs = sample.shapes.map((shape, i) => draw(shape, sample.domains?.[i] ?? 'normal', seed + 10 * i));
  const directions = sample.shapes.map((shape, i) => draw(shape, 'normal', seed + 10 * i + 5));
  const weights = draw(
    tf.tidy(() => sample.f(...inputs).shape),
    'normal',
    seed + 1000,
  );
  return { inputs, directions, weights };
}

const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0] ?? NaN;
/** The size that <a, b> can have, for a tolerance. */
const bound = (a: tf.Tensor, b: tf.Tensor) =>
  (tf.norm(a).dataSync()[0] ?? 0) * (tf.norm(b).dataSync()[0] ?? 0) + 1e-3;

function kernelsOf(f: () => void): Set<string> {
  const engine = tf.engine();
  const original = engine.runKernel.bind(engine);
  const seen = new Set<string>();
  engine.runKernel = (name: string, inputs: tf.NamedTensorMap, attrs?: tf.NamedAttrMap) => {
    seen.add(name);
    return original(name, inputs, attrs);
  };
  try {
    f();
  } finally {
    Reflect.deleteProperty(engine, 'runKernel');
  }
  return seen;
}

/** <w, J d> by forward mode and <J^T w, d> by the gradient of tfjs-core. */
function expectAdjoint({ inputs, directions, weights }: Point, f: Sample['f']): void {
  const { tangent } = jvp(f, inputs, directions);
  const gradients = tf.grads(f)(inputs, weights);
  const backward = gradients.reduce((sum, gradient, i) => sum + inner(gradient, directions[i]!), 0);
  expect(Math.abs(inner(weights, tangent) - backward)).toBeLessThan(2e-5 * bound(weights, tangent) + 1e-5);
}

/** <w, J d> by forward mode and by central differences. */
function expectDifference({ inputs, directions, weights }: Point, f: Sample['f']): void {
  const step = 1e-2;
  const { value, tangent } = jvp(f, inputs, directions);
  const moved = (s: number) => f(...inputs.map((x, i) => tf.add(x, tf.mul(directions[i]!, s))));
  const difference = tf.div(tf.sub(moved(step), moved(-step)), 2 * step);
  const rounding = 1e-5 * bound(weights, value);
  expect(Math.abs(inner(weights, tangent) - inner(weights, difference))).toBeLessThan(
    6e-3 * bound(weights, tangent) + rounding,
  );
}

function check({ kernel, sample }: Case, againstGradient: boolean, runs: number): void {
  fc.assert(
    fc.property(sample, fc.nat({ max: 1e6 }), (s, seed) => {
      tf.tidy(() => {
        const point = drawPoint(s, seed);
        expect(kernelsOf(() => s.f(...point.inputs))).toContain(kernel);
        if (againstGradient) expectAdjoint(point, s.f);
        expectDifference(point, s.f);
      });
    }),
    { numRuns: runs, seed: 20250513 },
  );
}

/**
 * LogSoftmax and BroadcastTo have gradients in tfjs-core, but no kernel in its cpu and wasm backends (the operations
 * are composites there). Here they get one, so that the rules run.
 */
function registerMissingKernels(backendName: string): void {
  const missing: Record<string, (x: tf.Tensor, attrs: tf.NamedAttrMap) => tf.Tensor> = {
    LogSoftmax: (x) => tf.log(tf.softmax(x)),
    BroadcastTo: (x, attrs) => tf.add(x, tf.zeros(attrs['shape'] as unknown as number[])),
  };
  for (const [kernelName, compute] of Object.entries(missing)) {
    if ((tf.getKernel(kernelName, backendName) as unknown) !== undefined) continue;
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) =>
      tf.tidy(() => compute((inputs['x'] ?? inputs['logits']) as tf.Tensor, attrs ?? {}));
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}

describeBackends('forward-mode rules', (backend) => {
  beforeAll(() => {
    registerMissingKernels(backend);
  });
  const runs = backend === 'cpu' ? 40 : 15;
  for (const one of [...gradientCases, ...beyondCases]) {
    const refused = { cpu: undefined, wasm: one.notOnWasm, tensorflow: one.notOnTensorflow }[backend];
    if (refused !== undefined) continue; // the case states the reason
    const reason = one.noGradient?.all ?? (backend === 'wasm' ? one.noGradient?.wasm : undefined);
    const againstGradient = reason === undefined && hasGradient(one.kernel);
    const transpose = againstGradient ? 'its transpose and ' : '';
    const because = reason === undefined ? '' : ` (not with the gradient of tfjs: ${reason})`;
    it(`${one.kernel} agrees with ${transpose}differences${because}`, () => {
      check(one, againstGradient, runs);
    });
  }
});

describe('the rule table', () => {
  const names = (Object.values(tf) as unknown[]).filter((value) => typeof value === 'string');
  const differentiated = [...new Set(names)].filter(hasGradient).sort();
  it('covers every kernel that tfjs-core has a gradient for', () => {
    expect(differentiated).toHaveLength(101);
    const covered = new Set([...kernelsWithJvp(), ...integerOutputs]);
    expect(differentiated.filter((name) => !covered.has(name))).toEqual([]);
  });
  it('has a test case for each of them', () => {
    const tested = new Set([...gradientCases, ...beyondCases].map(({ kernel }) => kernel));
    expect(differentiated.filter((name) => !tested.has(name) && !integerOutputs.includes(name))).toEqual([]);
  });
});
