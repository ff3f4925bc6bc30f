import { describe, expect, it } from 'vitest';
import { profilesFromFile } from '../../../shared/calculator/service-file.ts';

const read = (services: unknown) => profilesFromFile({ services }, 's.yaml');
const issuesOf = (services: unknown): string => {
  try {
    read(services);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('profilesFromFile', () => {
  it('takes a number as watt-hours per request, given by the file', () => {
    expect(read({ search: 0.3 })).toEqual([
      { service: 'search', wh_per_request: 0.3, confidence: 'given', source: 's.yaml' },
    ]);
  });

  it('takes every field of a profile, and adds none that the file does not have', () => {
    const whole = {
      wh_per_request: 0.3,
      confidence: 'measured',
      source: 'lab',
      pue: 1.2,
      embodied_g_per_request: 0,
      embodied: { total_kg: 1200, lifetime_years: 4, share: 0.5 },
      measured: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', requests: 1, coverage: 1 },
    };

    expect(read({ whole })).toEqual([{ service: 'whole', ...whole }]);
    expect(Object.keys(read({ bare: { wh_per_request: 1 } })[0] ?? {})).toEqual([
      'service',
      'wh_per_request',
      'confidence',
      'source',
    ]);
  });

  it.each([1, 1.5, 5])('accepts a PUE of %d', (pue) => {
    expect(read({ api: { wh_per_request: 1, pue } })[0]?.pue).toBe(pue);
  });

  it.each([
    [{ api: { wh_per_request: 1, pue: 0.99 } }, 'services.api.pue'],
    [{ api: { wh_per_request: 1, pue: 5.01 } }, 'services.api.pue'],
    [{ api: { wh_per_request: 0 } }, 'services.api.wh_per_request'],
    [{ api: { wh_per_request: 1, embodied_g_per_request: -1 } }, 'services.api.embodied_g_per_request'],
    [{ api: { wh_per_request: 1, wh: 2 } }, 'services.api'],
    [{ api: -1 }, 'services.api'],
    [{ '': 1 }, 'services'],
    ['text', 'services'],
  ])('refuses %j and names the place', (services, place) => {
    expect(issuesOf(services)).toContain(`${place}`);
    expect(issuesOf(services)).toContain('s.yaml');
  });

  it('refuses a file without services', () => {
    expect(() => profilesFromFile(['a'], 's.yaml')).toThrow(expect.objectContaining({ code: 'SERVICE_FILE_INVALID' }));
  });
});
