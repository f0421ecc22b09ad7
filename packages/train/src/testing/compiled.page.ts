import { createProgram, registerCompiler } from '@meanflow/compile';
import { createWebgpuCompiler } from '@meanflow/compile/webgpu';
import type { ReplayReport } from '@meanflow/compile/webgpu';
import { meanFlow } from '@meanflow/core';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';
import { guidance, numClasses, settingsOf, start, train } from '../compiled.testdata';
import { snapshotTrainState } from '../trainState';

/** What the page found, for the test that has started it. */
export interface Found {
  readonly losses: readonly number[];
  readonly eagerLosses: readonly number[];
  readonly sameWeights: boolean;
  readonly dispatches: readonly number[];
  /** What a call says once the device is gone. */
  readonly lost: string;
}

/** A few steps, eagerly and recorded; then the device is lost. */
export async function run(): Promise<Found> {
  tf.env().set('PROD', true);
  const reports: ReplayReport[] = [];
  registerCompiler(createWebgpuCompiler({ onRecord: (report) => reports.push(report) }));
  if (!(await tf.setBackend('webgpu'))) throw new Error('webgpu does not start');
  const settings = settingsOf(meanFlow({ numClasses, guidance }), { clipNorm: 1 });
  const [eager, compiled] = [start(), start()];
  const eagerReports = await train(eager, { ...settings, compile: { eager: true } }, 3);
  const compiledReports = await train(compiled, settings, 3);
  const [one, other] = [await snapshotTrainState(eager), await snapshotTrainState(compiled)];
  const sameWeights = Object.entries(one.ema).every(([name, { data }]) =>
    data.every((value, i) => Object.is(value, other.ema[name]?.data[i])),
  );
  const double = createProgram().compile((x: tf.Tensor) => tf.mul(x, 2));
  double(tf.ones([4]));
  (tf.backend() as unknown as { device: GPUDevice }).device.destroy();
  const lost = await double(tf.ones([4]))
    .data()
    .then((values) => `read ${values.join()}`)
    .catch((error: unknown) => (error as Error).message);
  return {
    losses: compiledReports.map(({ loss }) => loss),
    eagerLosses: eagerReports.map(({ loss }) => loss),
    sameWeights,
    dispatches: reports.map(({ dispatches }) => dispatches),
    lost,
  };
}
