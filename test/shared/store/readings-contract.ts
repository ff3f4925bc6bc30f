import { describe, expect, it } from 'vitest';
import { HOUR_MS, watts } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { MeterReadingsStore, StoredReading } from '../../../shared/records/meter-readings.ts';
import type { Opened } from './opened-parts.ts';

const NOON = Date.parse('2026-03-01T12:00:00Z');
const ALL = { from: 0, to: NOON + 24 * HOUR_MS };

function reading(number: number, changes: Partial<StoredReading> = {}): StoredReading {
  const base = { siteId: 'mill-2', deviceId: 'm-1', watts: watts(number + 0.25), timestamp: NOON + number * 1_000 };
  return { ...base, streamId: `${NOON}-${number}`, ...changes };
}

/** Every adapter of the readings ports passes this suite. `open` gives an empty store. */
export function readingsContract(name: string, open: () => Promise<Opened<MeterReadingsStore>>): void {
  describe(`${name} keeps meter readings`, () => {
    it('is empty at first', async () => {
      await using store = await open();

      expect(await store.sites()).toEqual([]);
      expect(await store.site('mill-2')).toBeUndefined();
      expect(await store.readings('mill-2', ALL, 10)).toEqual([]);
    });

    it('gives readings back as they were, by time, then device', async () => {
      await using store = await open();
      const given = [reading(2), reading(1, { deviceId: 'b' }), reading(1, { deviceId: 'B' }), reading(1)];

      const kept = await store.appendReadings(given);

      expect(kept).toEqual([true, true, true, true]);
      expect(await store.readings('mill-2', ALL, 10)).toEqual([given[2], given[1], given[3], given[0]]);
    });

    it('keeps the first reading of a natural key, and knows its entry when it comes again', async () => {
      await using store = await open();
      await store.appendReadings([reading(1), reading(2)]);

      const again = await store.appendReadings([
        reading(1),
        reading(2, { streamId: '7-7', watts: watts(1) }),
        reading(3),
      ]);
      const within = await store.appendReadings([reading(4), reading(4, { streamId: '8-8' })]);

      expect(again).toEqual([true, false, true]);
      expect(within).toEqual([true, false]);
      expect(await store.readings('mill-2', ALL, 10)).toEqual([reading(1), reading(2), reading(3), reading(4)]);
    });

    it('turns pages without leaving out or repeating anything', async () => {
      await using store = await open();
      const given = Array.from({ length: 25 }, (_, at) =>
        reading(Math.floor(at / 4), { deviceId: `m-${at % 4}`, streamId: `${NOON}-${at}` }),
      );
      await store.appendReadings(given);

      const pages: StoredReading[] = [];
      for (let page = await store.readings('mill-2', ALL, 7); page.length > 0; ) {
        pages.push(...page);
        page = await store.readings('mill-2', ALL, 7, page.at(-1));
      }

      expect(pages).toEqual(given);
    });

    it('takes from as within the range and to as outside, and other sites as others', async () => {
      await using store = await open();
      await store.appendReadings([reading(1), reading(2), reading(3), reading(2, { siteId: 'mill-3' })]);

      const found = await store.readings('mill-2', { from: NOON + 1_000, to: NOON + 3_000 }, 10);

      expect(found).toEqual([reading(1), reading(2)]);
    });

    it('keeps the oldest time that a request can name, and reads every range that a Date can hold', async () => {
      await using store = await open();
      const oldest = reading(1, { timestamp: Date.parse('0000-01-01T00:00:00Z') });
      await store.appendReadings([reading(2), oldest]);

      expect(await store.readings('mill-2', { from: oldest.timestamp, to: 8.64e15 }, 10)).toEqual([oldest, reading(2)]);
      expect(await store.readings('mill-2', { from: -8.64e15, to: NOON }, 10)).toEqual([oldest]);
    });

    it('takes a batch whole or not at all', async () => {
      await using store = await open();

      const broken = store.appendReadings([reading(1), reading(2, { watts: watts(Number.NaN) })]);

      await expect(broken).rejects.toThrow(RangeError);
      expect(await store.sites()).toEqual([]);
    });

    it('answers a repetition under the same key with the first delivery until the key expires', async () => {
      await using store = await open();
      const delivery = { key: 'k', note: 'first', now: NOON, expires: NOON + HOUR_MS };
      await store.appendReadingsOnce([reading(1)], delivery);

      const again = await store.appendReadingsOnce([reading(2)], { ...delivery, note: 'second' });
      const kept = await store.readings('mill-2', ALL, 10);
      const late = { key: 'k', note: 'third', now: NOON + HOUR_MS, expires: NOON + 2 * HOUR_MS };
      const after = await store.appendReadingsOnce([reading(3)], late);

      expect(again).toEqual({ note: 'first', streamIds: [reading(1).streamId] });
      expect(kept).toEqual([reading(1)]);
      expect(after).toEqual({ note: 'third', streamIds: [reading(3).streamId] });
    });

    it('knows sites by readings or zone', async () => {
      await using store = await open();
      await store.appendReadings([reading(1), reading(5, { deviceId: 'm-2' }), reading(0, { deviceId: 'm-2' })]);
      await store.putSite('alp-1', zone('CH'));
      await store.putSite('mill-2', zone('DE'));
      await store.putSite('mill-2', zone('FR'));

      const sites = await store.sites();

      expect(sites).toEqual([
        { siteId: 'alp-1', zone: 'CH', devices: 0, first: undefined, last: undefined },
        { siteId: 'mill-2', zone: 'FR', devices: 2, first: NOON, last: NOON + 5_000 },
      ]);
      expect(await store.site('mill-2')).toEqual(sites[1]);
      await store.putSite('mill-2', undefined);
      expect(await store.site('mill-2')).toMatchObject({ zone: undefined });
    });

    it('forgets readings, devices and sites that are too old, and keeps zones', async () => {
      await using store = await open();
      await store.appendReadings([
        reading(1),
        reading(9),
        reading(1, { siteId: 'old-1' }),
        reading(1, { siteId: 'alp-1' }),
      ]);
      await store.putSite('alp-1', zone('CH'));

      const gone = await store.forgetReadingsBefore(NOON + 5_000);

      expect(gone).toBe(3);
      expect((await store.sites()).map(({ siteId, devices }) => [siteId, devices])).toEqual([
        ['alp-1', 0],
        ['mill-2', 1],
      ]);
      expect(await store.readings('mill-2', ALL, 10)).toEqual([reading(9)]);
    });

    it('keeps what was measured long ago until it was received long ago, too', async () => {
      await using store = await open();
      const old = reading(0, { timestamp: NOON - 9_000_000, streamId: `${NOON + 6_000}-0` });
      await store.appendReadings([old, reading(1), reading(9)]);

      const early = await store.forgetReadingsBefore(NOON + 5_000);
      const kept = await store.readings('mill-2', ALL, 10);
      const site = await store.site('mill-2');
      const late = await store.forgetReadingsBefore(NOON + 7_000);

      expect([early, late]).toEqual([1, 1]);
      expect(kept).toEqual([old, reading(9)]);
      expect(site).toMatchObject({ devices: 1, first: NOON - 9_000_000, last: NOON + 9_000 });
      expect(await store.site('mill-2')).toMatchObject({ first: NOON + 9_000 });
    });

    it('lets two writers add the same new sites at once', async () => {
      await using store = await open();
      const many = (first: number) =>
        Array.from({ length: 50 }, (_, at) => reading(first + at, { siteId: `s-${at}`, streamId: `${first}-${at}` }));

      const kept = await Promise.all([store.appendReadings(many(0)), store.appendReadings(many(1_000).reverse())]);

      expect(kept.flat()).toEqual(Array.from({ length: 100 }, () => true));
      expect(await store.sites()).toHaveLength(50);
    });
  });
}
