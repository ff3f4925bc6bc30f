import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { parseMeterReading } from '../../../shared/records/meter-reading.ts';
import { decodeEntry, encodeEntry } from '../../../shared/store/stream/entry.ts';

const NOW = Date.parse('2026-05-05T05:05:05Z');
const LIMITS = { maxAheadMs: 60_000, maxAgeMs: 24 * HOUR_MS };
const sound = { site_id: 'a.b_c:d-1', device_id: '0', power_reading: 0, timestamp: '2026-05-05T05:05:05Z' };

describe('a meter reading', () => {
  it('is taken with the bounds of power and time included', () => {
    const atLimits = [
      { ...sound, power_reading: 1e9 },
      { ...sound, timestamp: new Date(NOW + LIMITS.maxAheadMs).toISOString() },
      { ...sound, timestamp: new Date(NOW - LIMITS.maxAgeMs).toISOString() },
    ];

    expect(atLimits.map((input) => parseMeterReading(input, NOW, LIMITS).kind)).toEqual([
      'reading',
      'reading',
      'reading',
    ]);
  });

  it('may have blanks in its names, a time without a zone (UTC), and other fields, which are ignored', () => {
    const given = { ...sound, site_id: 'Hall 7', device_id: 'PDU 1', timestamp: '2026-05-05T05:05:05', note: 'x' };

    expect(parseMeterReading(given, NOW, LIMITS)).toMatchObject({
      kind: 'reading',
      reading: { siteId: 'Hall 7', deviceId: 'PDU 1', watts: 0, timestamp: NOW },
    });
  });

  it('is refused a millisecond beyond', () => {
    const beyond = [NOW + LIMITS.maxAheadMs + 1, NOW - LIMITS.maxAgeMs - 1].map((time) =>
      parseMeterReading({ ...sound, timestamp: new Date(time).toISOString() }, NOW, LIMITS),
    );

    expect(beyond).toMatchObject([
      { issues: [{ pointer: '/timestamp', detail: expect.stringContaining('ahead') }] },
      { issues: [{ pointer: '/timestamp', detail: expect.stringContaining('older') }] },
    ]);
  });

  it('is told of its time too when something else is wrong', () => {
    const parsed = parseMeterReading({ ...sound, power_reading: -1, timestamp: '2020-01-01T00:00:00Z' }, NOW, LIMITS);

    expect(parsed).toMatchObject({ issues: [{ pointer: '/power_reading' }, { pointer: '/timestamp' }] });
  });

  it('is refused with the field that is wrong, or as a whole where it is not an object', () => {
    const refused = [{ ...sound, site_id: ' ' }, [], null].map((input) => parseMeterReading(input, NOW, LIMITS));

    expect(refused).toMatchObject([
      { issues: [{ pointer: '/site_id', detail: expect.stringContaining('is not a valid name') }] },
      { issues: [{ pointer: '', detail: expect.stringContaining('is not an object') }] },
      { issues: [{ pointer: '', detail: expect.stringContaining('is not an object') }] },
    ]);
  });

  it('is refused for a site that no URL can contain, not for one of other dots or such a device', () => {
    const named = (site: string, device = '0') =>
      parseMeterReading({ ...sound, site_id: site, device_id: device }, NOW, LIMITS).kind;

    expect(['.', '..'].map((site) => named(site))).toEqual(['refused', 'refused']);
    expect(['...', '.a', 'a.', '. .'].map((site) => named(site))).toEqual(['reading', 'reading', 'reading', 'reading']);
    expect(named('a', '..')).toBe('reading');
  });

  it('may be of any time without limits, also where something else is wrong with it', () => {
    const old = { ...sound, timestamp: '1999-01-01T00:00:00Z' };

    expect(parseMeterReading(old, NOW).kind).toBe('reading');
    expect(parseMeterReading({ ...old, power_reading: -1 }, NOW)).toEqual({
      kind: 'refused',
      issues: [{ pointer: '/power_reading', detail: 'is below 0 W' }],
    });
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        expect(parseMeterReading(input, NOW, LIMITS).kind).toMatch(/^(reading|refused)$/);
      }),
    );
  });

  it('comes out of a stream entry as it went in', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/);
    const power = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
    fc.assert(
      fc.property(id, id, power, fc.integer({ min: 0, max: 4e12 }), (siteId, deviceId, watts, timestamp) => {
        const given = { siteId, deviceId, watts: watts as never, timestamp };
        const pairs = encodeEntry(given);
        const fields = Object.fromEntries(Array.from({ length: 4 }, (_, at) => [pairs[at * 2], pairs[at * 2 + 1]]));

        const decoded = decodeEntry({ id: '5-6', fields });

        expect(decoded).toEqual({ kind: 'reading', reading: { ...given, streamId: '5-6' } });
      }),
    );
  });

  it('keeps the number of the entry that it was before it was put back', () => {
    const fields = { ...sound, power_reading: '3', origin_id: '1-2' };

    expect(decodeEntry({ id: '9-9', fields })).toMatchObject({ reading: { streamId: '1-2' } });
  });

  it('never throws on the fields of a stream entry', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (fields) => {
        expect(decodeEntry({ id: '1-1', fields: { ...sound, power_reading: '1', ...fields } }).kind).toBeTruthy();
      }),
    );
  });
});
