import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { savingsLedger } from '../../../shared/emissions/savings-ledger.ts';
import { gramsPerKwh, HOUR_MS, joules } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import type { Decision } from '../../../shared/records/placements.ts';
import type { WritableStore } from '../../../shared/records/power.ts';
import { temporaryFolder } from '../../extender/cache/cache-file.ts';
import { describeDatabases } from '../../servers/databases.ts';
import { decision } from '../store/decisions-contract.ts';
import { openSqliteWriter, openTimescaleWriter } from '../store/opened-parts.ts';

const TEN = Date.parse('2026-03-14T10:00:00Z');
const MINUTE = 60_000;
const DAY = { from: TEN - 10 * HOUR_MS, to: TEN + 14 * HOUR_MS };

/** Bound to FR, between nodes of FR and DE: FR has 50 and DE 450 g/kWh at every hour, so a kWh saves 200 g. */
function placed(uid: string, pod: string, boundAt: number): Decision {
  return { ...decision(uid, boundAt), pod, candidateZones: 'DE=2,FR=2', releasedAt: null };
}

describe('over the embedded store', () => {
  savingsLedgerSuite('a file', async (stack) => {
    const folder = stack.use(await temporaryFolder());
    return stack.use(openSqliteWriter(folder.path));
  });
});

describeDatabases('over a database', (name, server) => {
  savingsLedgerSuite(name, async (stack) => stack.use(openTimescaleWriter(await server().database(), 3_650)));
});

function savingsLedgerSuite(name: string, open: (stack: AsyncDisposableStack) => Promise<WritableStore>): void {
  describe(`the savings ledger on ${name}`, () => {
    let stack: AsyncDisposableStack;
    let store: WritableStore;

    beforeEach(async () => {
      stack = new AsyncDisposableStack();
      store = await open(stack);
      const hours = Array.from({ length: 24 }, (_, at) => DAY.from + at * HOUR_MS);
      await store.record(
        hours.flatMap((hour) =>
          (['FR', 'DE'] as const).map((code) => ({
            ...{ zone: zone(code), hour, carbonIntensity: gramsPerKwh(code === 'FR' ? 50 : 450) },
            ...{ provider: 'test', signal: 'average' as const, quality: 'measured' as const },
          })),
        ),
      );
    });
    afterEach(() => stack.disposeAsync());

    /** Half a kWh an hour, in samples of a minute. */
    const draws = async (pod: string, from: number, minutes: number) => {
      const container = { namespace: 'shop', pod, container: 'main', node: 'n' };
      for (let minute = 0; minute < minutes; minute++) {
        const start = from + minute * MINUTE;
        await store.append({
          target: pod,
          samples: [{ container, start, end: start + MINUTE, joules: joules(30_000) }],
        });
      }
    };
    const saved = async (decisions: readonly Decision[], range = DAY) => {
      const both = [];
      for (const source of ['rollup', 'raw'] as const) {
        const ledger = await savingsLedger(store, decisions, range, source);
        both.push(Object.fromEntries(ledger.map((entry) => [entry.uid, Math.round(entry.saved * 1_000) / 1_000])));
      }
      return { rollup: both[0], raw: both[1] };
    };

    it('counts the energy of a name that is used again once, each pod with its own', async () => {
      await draws('web-0', TEN, 180);
      await store.compact(TEN + 6 * HOUR_MS);
      const first = placed('first', 'web-0', TEN);
      const second = placed('second', 'web-0', TEN + 90 * MINUTE);

      const { rollup, raw } = await saved([first, second]);

      expect(rollup).toEqual({ first: 150, second: 150 });
      expect(raw).toEqual(rollup);
    });

    it('leaves to the pod before what it used before the binding, and what came after the range', async () => {
      await draws('web-0', TEN, 180);
      await store.compact(TEN + 6 * HOUR_MS);

      const range = { from: TEN + 30 * MINUTE, to: TEN + 150 * MINUTE };
      const { rollup, raw } = await saved([placed('late', 'web-0', TEN + 30 * MINUTE)], range);

      expect(rollup).toEqual({ late: 200 });
      expect(raw).toEqual(rollup);
    });

    it('counts a sample that a binding falls into by the part after the binding', async () => {
      await draws('web-0', TEN, 60);

      const { rollup, raw } = await saved([placed('late', 'web-0', TEN + MINUTE / 2)]);

      expect(raw).toEqual({ late: 99.167 });
      expect(rollup).toEqual(raw);
    });

    it('never prices energy with a marginal intensity, even where no other is known', async () => {
      const after = DAY.to;
      await store.record(
        (['FR', 'DE'] as const).map((code) => ({
          ...{ zone: zone(code), hour: after, carbonIntensity: gramsPerKwh(code === 'FR' ? 50 : 450) },
          ...{ provider: 'test', signal: 'marginal' as const, quality: 'measured' as const },
        })),
      );
      await draws('web-0', after - 30 * MINUTE, 60);
      const decision = placed('half', 'web-0', after - 30 * MINUTE);

      const { rollup, raw } = await saved([decision], { from: DAY.from, to: after + HOUR_MS });

      expect(raw).toEqual({ half: 50 });
      expect(rollup).toEqual(raw);
    });

    it('reads many pods of several namespaces in one pass', async () => {
      await draws('web-0', TEN, 60);
      const idle = Array.from({ length: 130_000 }, (_, at) => ({
        ...placed(`u-${at}`, `idle-${at}`, TEN),
        namespace: 'idle',
      }));
      let asked = 0;
      const counted = {
        hourly: (...given: Parameters<typeof store.hourly>) => {
          asked += 1;
          return store.hourly(...given);
        },
        samples: store.samples.bind(store),
        containers: store.containers.bind(store),
        lastBlocks: store.lastBlocks.bind(store),
        totals: store.totals.bind(store),
        intensities: store.intensities.bind(store),
        zones: store.zones.bind(store),
      };

      const ledger = await savingsLedger(counted, [...idle, placed('web', 'web-0', TEN)], DAY, 'rollup');

      expect(ledger.map(({ uid, saved: grams }) => [uid, Math.round(grams)])).toEqual([['web', 100]]);
      expect(asked).toBe(1);
    });
  });
}
