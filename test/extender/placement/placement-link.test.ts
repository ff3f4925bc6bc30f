import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startPlacementService } from '../../../extender/api/placement-service.ts';
import { createPlacementLink, type ToStore } from '../../../extender/placement/placement-link.ts';
import { gramsPerKwh, HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { decision } from '../../shared/store/decisions-contract.ts';
import { openSqliteDecisions, openSqliteWriter } from '../../shared/store/opened-parts.ts';

const folder = mkdtempSync(join(tmpdir(), 'placement-link-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the link to the store', () => {
  it('hands decisions over in batches and forgets them only when they are kept', async () => {
    const { link, clock, sent, counted } = startLink();
    for (let at = 0; at < 700; at++) link.keep(decision(`u-${at}`));
    await clock.advance(1_000);
    const first = sent.at(-1) as ToStore;

    // The thread dies with the batch; after the time to confirm the same decisions go again.
    await clock.advance(31_000);
    const again = sent.at(-1) as ToStore;
    link.receive({ kind: 'decisions-kept', batch: first.batch });
    link.receive({ kind: 'decisions-kept', batch: again.batch });
    await clock.advance(1_000);

    expect([first, again].map(({ decisions }) => [decisions.length, decisions[0]?.uid])).toEqual([
      [500, 'u-0'],
      [500, 'u-0'],
    ]);
    expect(sent.at(-1)?.decisions[0]?.uid).toBe('u-500');
    expect(counted).toEqual([['handed-over', 500]]);
    await link[Symbol.asyncDispose]();
  });

  it('waits for the last decisions to be kept before the process ends, but not for ever', async () => {
    const { link, clock, sent } = startLink();
    for (let at = 0; at < 700; at++) link.keep(decision(`u-${at}`));

    const settled = link.flush().then(() => 'settled');
    await clock.advance(20);
    const early = await Promise.race([settled, 'waiting']);
    link.receive({ kind: 'decisions-kept', batch: sent.at(-1)?.batch ?? 0 });
    await clock.advance(20);
    link.receive({ kind: 'decisions-kept', batch: sent.at(-1)?.batch ?? 0 });
    await clock.advance(20);

    expect([early, await settled]).toEqual(['waiting', 'settled']);
    expect(sent.map(({ decisions }) => decisions.length)).toEqual([500, 200]);
    link.keep(decision('never kept'));
    const hopeless = link.flush();
    await clock.advance(3_000);
    await hopeless;
    await link[Symbol.asyncDispose]();
  });

  it('drops what is more than it may hold, and counts it', async () => {
    const { link, counted } = startLink();

    for (let at = 0; at < 20_003; at++) link.keep(decision(`u-${at}`));

    expect(counted).toEqual([
      ['dropped', 1],
      ['dropped', 1],
      ['dropped', 1],
    ]);
    await link[Symbol.asyncDispose]();
  });

  it('publishes the percentiles of each zone from its recorded hours, and stores decisions', async () => {
    const { link } = startLink();
    await using store = openSqliteWriter(folder);
    const now = hourOf(Date.now());
    const hours = Array.from({ length: 100 }, (_, at) => ({
      zone: zone('FR'),
      hour: now - at * HOUR_MS,
      carbonIntensity: gramsPerKwh(at + 1),
      provider: 'test',
      signal: 'average' as const,
      quality: 'measured' as const,
    }));
    await store.record([...hours, { ...hours[0], zone: zone('DE') } as (typeof hours)[number]]);
    await using decisions = openSqliteDecisions(folder);
    const kept: number[] = [];
    await using service = startPlacementService({
      history: store,
      decisions,
      post: (message) => (message.kind === 'decisions-kept' ? kept.push(message.batch) : link.receive(message)),
      clock: systemClock,
      logger: capturedLog(),
    });

    await service.receive({ kind: 'decisions', batch: 7, decisions: [decision('kept')] });
    await expect.poll(() => link.percentile(zone('FR'), 30)).toBe(30.7);

    expect(link.percentile(zone('DE'), 30)).toBeUndefined();
    expect(kept).toEqual([7]);
    expect(await Array.fromAsync(decisions.decisions({ from: 0, to: Number.MAX_SAFE_INTEGER }))).toHaveLength(1);
    await link[Symbol.asyncDispose]();
  });

  it('says once that decisions cannot be written, and does not claim that they were', async () => {
    const logger = capturedLog();
    const posted: string[] = [];
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    await using service = startPlacementService({
      decisions: openSqliteDecisions(file),
      history: { zones: async () => [], intensities: async () => [] },
      post: ({ kind }) => posted.push(kind),
      clock: systemClock,
      logger,
    });

    await service.receive({ kind: 'decisions', batch: 1, decisions: [decision('a')] });
    await service.receive({ kind: 'decisions', batch: 2, decisions: [decision('a')] });

    expect(posted.filter((kind) => kind === 'decisions-kept')).toEqual([]);
    expect(logger.at('warn')).toHaveLength(1);
  });
});

function startLink() {
  const clock = new FakeClock();
  const sent: ToStore[] = [];
  const counted: [string, number][] = [];
  const link = createPlacementLink({
    post: (message) => sent.push(message),
    count: (outcome, count) => counted.push([outcome, count]),
    clock,
    logger: capturedLog(),
  });
  return { link, clock, sent, counted };
}
