import { describe, expect, it } from 'vitest';
import { watts } from '../../../shared/grid/units.ts';
import { decodeNodePower, encodeNodePower } from '../../../shared/placement/node-power.ts';

const SNAPSHOT = {
  ...{ writtenAt: Date.parse('2026-03-04T12:00:00Z'), ttlMs: 600_000 },
  wattsPerCore: new Map([['n1', watts(7.5)]]),
};
const document = (change: object) => JSON.stringify({ ...JSON.parse(encodeNodePower(SNAPSHOT)), ...change });

describe('the file with the power of nodes', () => {
  it('says its time, minutes to live and watts per busy core', () => {
    expect(JSON.parse(encodeNodePower(SNAPSHOT))).toEqual({
      ...{ schema_version: 1, timestamp: '2026-03-04T12:00:00.000Z', ttl_minutes: 10 },
      nodes: { n1: { watts_per_busy_core: 7.5 } },
    });
  });

  it('is read as it was written; times with an offset, too', () => {
    expect(decodeNodePower(encodeNodePower(SNAPSHOT))).toEqual(SNAPSHOT);
    expect(decodeNodePower(document({ timestamp: '2026-03-04T13:00:00+01:00' }))).toEqual(SNAPSHOT);
  });

  it.each([
    '{"schema_version": 1',
    document({ schema_version: 2 }),
    document({ ttl_minutes: 0 }),
    document({ timestamp: 'noon' }),
    document({ nodes: { n1: { watts_per_busy_core: 0 } } }),
    '[]',
  ])('is not used when it is torn, foreign or of another version: %s', (text) => {
    expect(decodeNodePower(text)).toBeUndefined();
  });
});
