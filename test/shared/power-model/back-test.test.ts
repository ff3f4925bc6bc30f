import { describe, expect, it } from 'vitest';
import { type BackTest, backTestFamilies, backTestGeneric } from '../../../shared/power-model/back-test.ts';
import { SERVERS, type Server } from '../../../shared/power-model/servers.ts';

describe('bounds of nominally 80 %, on servers that were held out', () => {
  it.each<[string, (servers: readonly Server[]) => BackTest, number]>([
    ['the generic model, with CPU models held out', backTestGeneric, 300],
    ['the model of microarchitectures, with servers held out', backTestFamilies, 400],
  ])('hold 75 to 85 %: %s', (_, backTest, least) => {
    const { servers, idleCoverage, dynamicCoverage } = backTest(SERVERS);

    expect(servers).toBeGreaterThan(least);
    for (const coverage of [idleCoverage, dynamicCoverage]) {
      expect(coverage).toBeGreaterThanOrEqual(0.75);
      expect(coverage).toBeLessThanOrEqual(0.85);
    }
  });
});
