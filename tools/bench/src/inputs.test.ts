import { ditParameters } from '@meanflow/dit';
import { expect, it } from 'vitest';
import { decodeInputs, drawInputs, encodeInputs, networkOf } from './inputs';
import { networkNames, networks } from './networks';

it.each(networkNames)('draws what a step on %s needs, the same each time', (name) => {
  const network = { ...networks[name], config: { ...networks[name].config, depth: 1 } }; // weights of all take long
  const inputs = drawInputs(network);
  const { tensors, config } = decodeInputs(encodeInputs(inputs));
  expect(config).toEqual(inputs.config);
  expect(networkOf(inputs)).toBe(networks[name]);
  const weights = Object.keys(tensors).filter((key) => key.startsWith('weights/'));
  expect(weights.sort()).toEqual(
    ditParameters(network.config)
      .map((parameter) => `weights/${parameter.name}`)
      .sort(),
  );
  expect(tensors['x']?.shape).toEqual([network.batch, 32, 32, network.config.channels]);
  expect(tensors['positions']?.shape).toEqual([
    config.patches[0] * config.patches[1],
    network.config.hiddenSize,
  ]);
  expect(config.instantRows).toBe(0.75 * network.batch);
  expect([...(tensors['drop']?.data as Float32Array)]).toContain(1); // or the guidance of dropped labels goes untested
  expect(tensors['e']?.data).toEqual(drawInputs(network).tensors['e']?.data);
});
