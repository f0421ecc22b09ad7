import { expect, it } from 'vitest';
import { keysHelp } from './help';
import { knownKeys } from './keys';

it('lists every key of a configuration, with its default', () => {
  const help = keysHelp();
  const groups = knownKeys({}).filter((key) => knownKeys({}).some((other) => other.startsWith(`${key}.`)));
  for (const key of knownKeys({})) {
    if (groups.includes(key) && key !== 'objective.guidance') continue;
    if (/^(data|model|objective)\.kind$/.test(key)) expect(help).toContain(`  ${key} `);
    else expect(help).toContain(`    ${key} `);
  }
  expect(help).toMatch(
    /optimizer\.lr +number > 0: learning rate of Adam, after the warm-up \(default 0\.0001\)/,
  );
  expect(help).toMatch(/ema\.decay +number in \[0, 1\]: .* \(default 0\.9999\)/);
  expect(help).toMatch(/objective\.guidance\.kappa +number in \[0, 1\): mixing scale \(default 0\)/);
});

it('fits a wide terminal', () => {
  const widest = Math.max(
    ...keysHelp()
      .split('\n')
      .map((line) => line.length),
  );
  expect(widest).toBeLessThanOrEqual(130);
});
