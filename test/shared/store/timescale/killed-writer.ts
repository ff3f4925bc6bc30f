import { joules } from '../../../../shared/grid/units.ts';
import type { PowerTick } from '../../../../shared/records/power.ts';
import { systemClock } from '../../../../shared/runtime/clock.ts';
import { openRecordingStore } from '../../../../shared/store/open.ts';
import { capturedLog } from '../../../captured-log.ts';

const TICK_MS = 15_000;
const START = Date.parse('2026-01-01T00:00:00Z');

/** Tick n: n joules for each of three containers over the n-th quarter of a minute. */
export function tickNumber(n: number): PowerTick {
  const times = { start: START + n * TICK_MS, end: START + (n + 1) * TICK_MS };
  return {
    target: 't',
    samples: ['p1', 'p2', 'p3'].map((pod) => ({
      container: { namespace: 'a', pod, container: 'c', node: 'n' },
      ...times,
      joules: joules(n),
    })),
  };
}

// Run as a program: keeps one tick after the other from a number on, tells each that is kept, until it is killed.
if (import.meta.main) {
  const [dsn, folder, first] = process.argv.slice(2);
  const { history: store } = await openRecordingStore(
    { MODE: 'db', DATA_DIR: folder as string, TSDB_DSN: dsn, DATABASE_URL: undefined, RECORDING_LEASE_NAME: 'test' },
    { clock: systemClock, logger: capturedLog(), spool: folder !== '/nowhere' },
  );
  if (first === undefined) await store.totals();
  for (let n = Number(first ?? 1); ; n += 1) {
    await store.append(tickNumber(n));
    process.stdout.write(`${n}\n`);
    if (n % 50 === 0) await store.compact(START + n * TICK_MS).catch(() => undefined);
  }
}
