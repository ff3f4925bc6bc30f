// Flow: from Kepler counters through the embedded store to hourly energy.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type CounterBaselines, increaseSince } from '../../../poller/power/counter-increase.ts';
import { HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { openSqliteWriter } from '../../shared/store/opened-parts.ts';

const START = Date.parse('2026-01-01T12:00:00Z') - 60_000;
const LIMITS = { maxGapMs: 600_000, maxContainerRate: 2_000, maxNodeRate: 20_000 };
const KEYS = ['a', 'b', 'c', 'd'];

const root = mkdtempSync(join(tmpdir(), 'conserved-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

/** What happens to one counter between two scrapes: it grows, or it is reset and grows, or it is not seen. */
const step = fc.record({
  millijoules: fc.integer({ min: 0, max: 9_000_000 }),
  reset: fc.boolean(),
  seen: fc.integer({ min: 0, max: 5 }).map((n) => n > 0),
});
const rounds = fc.array(
  fc.record({
    waitMs: fc.integer({ min: 9_000, max: 40_000 }),
    missed: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    foldFirst: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    counters: fc.tuple(step, step, step, step),
  }),
  { minLength: 2, maxLength: 25 },
);

describe('energy from the counter to the hour', () => {
  it('is what the counters gave, to the millijoule, through resets, missed scrapes, folding and the turn of an hour', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (history) => {
        await using store = openSqliteWriter(join(root, String(++folders)));
        const values = new Map<string, number>();
        const lastSeen = new Map<string, number>();
        let state: CounterBaselines | undefined;
        let given = 0;
        let now = START;
        for (const { waitMs, missed, foldFirst, counters } of history) {
          now += waitMs;
          for (const [index, { millijoules, reset }] of counters.entries()) {
            const key = KEYS[index] as string;
            values.set(key, (reset ? 0 : (values.get(key) ?? 0)) + millijoules);
          }
          if (missed) continue;
          const seen = KEYS.filter((_, index) => counters[index]?.seen);
          // Prometheus' increase(): the difference, or all of a counter that is lower than it was.
          for (const key of seen) {
            const value = values.get(key) ?? 0;
            const before = lastSeen.get(key);
            if (before !== undefined) given += value - before >= -1 ? Math.max(0, value - before) : value;
            lastSeen.set(key, value);
          }
          const scraped = seen.map((key) => ({
            key,
            namespace: 'ns',
            pod: key,
            container: 'c',
            node: 'n',
            total: (values.get(key) ?? 0) / 1000,
            kind: 'cpu' as const,
            resolved: true,
          }));
          const outcome = increaseSince(
            state,
            { at: now, monotonic: now, basis: 'x', node: 'n', counters: scraped },
            LIMITS,
          );
          state = outcome.baselines;
          await store.append({
            target: 't',
            samples: outcome.increases.map(({ amount, ...rest }) => ({ ...rest, joules: joules(amount) })),
            scrapedAt: now,
          });
          if (foldFirst) await store.compact(now);
        }
        await store.compact(now + 2 * HOUR_MS);
        const range = { from: 0, to: now + HOUR_MS };

        let sampled = 0;
        for await (const samples of store.samples({}, range))
          for (const sample of samples) sampled += Math.round(sample.joules * 1000);
        let rolledUp = 0;
        for await (const hour of store.hourly({}, range)) rolledUp += Math.round(hour.joules * 1000);

        expect([sampled, rolledUp]).toEqual([given, given]);
      }),
      { numRuns: 60 },
    );
  });
});
