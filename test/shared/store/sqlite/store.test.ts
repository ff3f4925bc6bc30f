import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import { collect } from '../collect.ts';
import { storeContract } from '../contract.ts';
import { joulesOfHours, openSqliteReader, openSqliteWriter } from '../opened-parts.ts';
import { tickNumber } from './numbered-ticks.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const root = mkdtempSync(join(tmpdir(), 'store-'));
let folders = 0;
const folder = () => join(root, String(++folders));
afterAll(() => rmSync(root, { recursive: true }));

storeContract('SQLite', async () => openSqliteWriter(folder()));

describe('the embedded store', () => {
  it('is empty for a reader until the writer has made it, and is seen from then on', async () => {
    const at = folder();
    await using reader = openSqliteReader(at);
    const before = await reader.totals();

    await using writer = openSqliteWriter(at);
    await writer.append(tickNumber(1));

    expect(before.containers).toBe(0);
    expect((await reader.totals()).containers).toBe(3);
  });

  it('keeps what it had when it is opened again', async () => {
    const at = folder();
    {
      await using writer = openSqliteWriter(at);
      await writer.append(tickNumber(1));
    }

    await using writer = openSqliteWriter(at);
    await writer.append(tickNumber(2));

    expect((await writer.totals()).containers).toBe(3);
    expect(await joulesOfHours(at)).toBe(3 * (1 + 2));
  });

  it('can be opened by several writers at the same time', async () => {
    const at = folder();

    const stores = [openSqliteWriter(at), openSqliteWriter(at)];
    await Promise.all(stores.map((store, index) => store.append(tickNumber(index + 1))));

    for (const store of stores) await store[Symbol.asyncDispose]();
    expect(await joulesOfHours(at)).toBe(9);
  });

  it('gives the samples of a large open hour once each and in order, also when a part is folded meanwhile', async () => {
    await using store = openSqliteWriter(folder());
    const [ticks, pods] = [130, 1_500];
    for (let n = 0; n < ticks; n += 1)
      await store.append({
        target: 't',
        samples: Array.from({ length: pods }, (_, pod) => ({
          container: { namespace: 'a', pod: `p${pod}`, container: 'c', node: 'n' },
          start: NOON + n * 60_000,
          end: NOON + (n + 1) * 60_000,
          joules: joules(1_000 + pod),
        })),
      });
    const container = { last: '', samples: 0, out: 0, end: 0 };
    let batches = 0;
    for await (const samples of store.samples({}, { from: 0, to: Number.MAX_SAFE_INTEGER })) {
      batches += 1;
      if (batches === 20) await store.compact(NOON + 3 * HOUR_MS);
      for (const {
        container: { pod },
        start,
        joules: energy,
      } of samples) {
        if (pod < container.last || (pod === container.last && start !== container.end)) container.out += 1;
        if (energy !== 1_000 + Number(pod.slice(1))) container.out += 1;
        Object.assign(container, { last: pod, end: start + 60_000, samples: container.samples + 1 });
      }
    }

    expect(container).toMatchObject({ samples: ticks * pods, out: 0 });
  });

  it('gives months of a container in parts, in order, with samples that wait to be folded', async () => {
    await using store = openSqliteWriter(folder());
    const [first] = tickNumber(1).samples;
    const hours = Array.from({ length: 1_203 }, (_, hour) => hour);
    const endOf = (hour: number) => NOON + hour * HOUR_MS + 30_000;
    const append = (hour: number, target: string) =>
      store.append({
        target,
        samples: [{ ...first, start: endOf(hour) - 30_000, end: endOf(hour), joules: joules(hour + 1) } as PowerSample],
      });
    for (const hour of hours.filter((hour) => hour % 100 !== 7)) await append(hour, 'a');
    await store.compact(endOf(1_300));
    for (const hour of hours.filter((hour) => hour % 100 === 7)) await append(hour, 'late');
    await append(1_204, 'a');

    const batches = await collect(store.samples({}, { from: 0, to: endOf(2_000) }));

    expect(batches.flat().map(({ end }) => end)).toEqual([...hours, 1_204].map(endOf));
    expect(batches.length).toBeGreaterThan(2);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThan(520);
  });

  it('keeps how power is known, when targets were last scraped, and labels of pods', async () => {
    await using store = openSqliteWriter(folder());
    const { target, samples } = tickNumber(1);
    const before = { labels: await store.podLabels?.(), scrape: (await store.totals()).lastScrape };
    const modelled = samples.map((sample) => ({
      ...sample,
      container: { ...sample.container, powerQuality: 'modelled' as const },
    }));
    await store.append({ target, samples, scrapedAt: 120_000 });
    await store.append({
      ...tickNumber(2),
      samples: modelled.map((sample) => ({ ...sample, start: 120_000, end: 180_000 })),
    });
    await store.append({ target: 'other', samples: [], scrapedAt: 200_000 });
    await store.recordLabels?.([{ namespace: 'a', pod: 'p1', labels: { app: 'old' } }], 1);
    await store.recordLabels?.([{ namespace: 'a', pod: 'p1', labels: { app: 'web' } }], 2);

    const [first] = await store.containers();

    expect(before).toEqual({ labels: undefined, scrape: undefined });
    expect(first?.container.powerQuality).toBe('modelled');
    expect((await store.totals()).lastScrape).toBe(200_000);
    expect(await store.podLabels?.()).toEqual([{ namespace: 'a', pod: 'p1', labels: { app: 'web' } }]);
    expect(await store.containers()).toHaveLength(3);
  });

  it('needs at most 3 bytes for a sample, its time included', async () => {
    const at = folder();
    await using writer = openSqliteWriter(at);
    let seed = 7;
    const noise = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647 - 0.5;
    };
    const containers = Array.from({ length: 60 }, (_, n) => ({
      namespace: 's',
      pod: `p${n}`,
      container: 'c',
      node: 'n',
    }));
    for (let n = 1; n <= 240; n += 1) {
      const end = n * 15_000 + Math.round(noise() * 200);
      const samples = containers.map((container, index) => {
        return { container, start: end - 15_000, end, joules: joules(15 * (2 + index / 4) * (1 + noise() / 10)) };
      });
      await writer.append({ target: 'n', samples });
    }

    await writer.compact(HOUR_MS + 60_000);

    const { DatabaseSync } = await import('node:sqlite');
    using file = new DatabaseSync(join(at, 'history.sqlite'));
    const bytes = file.prepare(
      'SELECT (SELECT sum(length(v)) FROM chunk) + (SELECT sum(length(v)) FROM timeline) AS n',
    );
    expect(Number(bytes.get()?.n) / (60 * 239)).toBeLessThan(3);
  });
});
