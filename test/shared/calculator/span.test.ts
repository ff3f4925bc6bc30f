import { describe, expect, it } from 'vitest';
import { recordedSpan } from '../../../shared/calculator/span.ts';
import { gramsPerKwh, HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';

describe('recordedSpan', () => {
  it('reaches from the first hour of a zone to the end of its last, whatever other zones have', () => {
    const history = [hour('DE', 5), hour('DE', 2), hour('FR', 0), hour('FR', 9)];

    expect(recordedSpan(history, zone('DE'))).toEqual({ from: 2 * HOUR_MS, to: 6 * HOUR_MS });
  });

  it('is unknown where nothing of the zone is recorded', () => {
    expect(recordedSpan([hour('FR', 0)], zone('DE'))).toBeUndefined();
    expect(recordedSpan([], zone('DE'))).toBeUndefined();
  });
});

function hour(code: string, at: number) {
  return {
    ...{ zone: zone(code), hour: at * HOUR_MS, carbonIntensity: gramsPerKwh(100) },
    ...{ signal: 'average' as const, quality: 'measured' as const, provider: 'p' },
  };
}
