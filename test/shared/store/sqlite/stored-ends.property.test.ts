import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../../../shared/grid/units.ts';
import { STORE_FILE } from '../../../../shared/store/sqlite/file.ts';
import { openSqliteWriter, sqliteRecording } from '../opened-parts.ts';

const root = mkdtempSync(join(tmpdir(), 'stored-ends-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true }));

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE_MS = 60_000;

const container = (pod: number) => ({ namespace: 'a', pod: `p${pod}`, container: 'c', node: 'n' });
const tick = (target: string, pod: number, from: number, minutes: number) => {
  const [start, end] = [START + from * MINUTE_MS, START + (from + minutes) * MINUTE_MS];
  return { target, samples: [{ container: container(pod), start, end, joules: joules(minutes) }] };
};

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      writer: fc.nat(1),
      target: fc.constantFrom('s', 't'),
      pod: fc.nat(2),
      from: fc.nat(240),
      minutes: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fold' as const), writer: fc.nat(1), hours: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), writer: fc.nat(1) }) },
);

describe('the embedded store', () => {
  it('counts each time of a container once: the first that was written stays, whichever process wrote it, in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const at = join(root, String(++folders));
        const writers = [openSqliteWriter(at), openSqliteWriter(at)];
        const expected: [pod: string, from: number, to: number][] = [];
        const places = new Set<string>();
        for (const one of steps) {
          const writer = writers[one.writer] as (typeof writers)[number];
          if (one.kind === 'fold') await writer.compact(START + one.hours * HOUR_MS);
          else if (one.kind === 'restart') {
            await writer[Symbol.asyncDispose]();
            writers[one.writer] = openSqliteWriter(at);
          } else {
            const { target, pod, from, minutes } = one;
            const [name, to] = [`p${pod}`, from + minutes];
            // Two ticks of a target never end at the same time, as two scrapes of it do not.
            if (places.has(`${target} ${to}`)) continue;
            places.add(`${target} ${to}`);
            if (!expected.some(([of, start, end]) => of === name && start < to && from < end))
              expected.push([name, from, to]);
            await writer.append(tick(target, pod, from, minutes));
          }
        }
        const found: [string, number, number][] = [];
        for await (const samples of (writers[0] as (typeof writers)[number]).samples({}, { from: 0, to: 9e12 }))
          for (const { container: of, start, end } of samples)
            found.push([of.pod, (start - START) / MINUTE_MS, (end - START) / MINUTE_MS]);
        for (const writer of writers) await writer[Symbol.asyncDispose]();
        rmSync(at, { recursive: true });

        expect(found.sort()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  });

  it('does not read the ticks of other targets for one whose samples are newer than what is stored', async () => {
    const at = join(root, String(++folders));
    await using store = sqliteRecording(at);
    const { history } = store;
    const damagedRows = () => store.state?.().damagedRows;
    await history.append(tick('t', 0, 0, 1));
    {
      using file = new DatabaseSync(join(at, STORE_FILE));
      file.exec("UPDATE tick SET v = x'00'");
    }

    await history.append(tick('s', 1, 1, 1));
    await history.append(tick('s', 1, 2, 1));
    const unread = damagedRows();
    await history.append(tick('u', 1, 0, 2));

    expect(unread).toBe(0);
    expect(damagedRows()).toBeGreaterThan(0);
  });
});
