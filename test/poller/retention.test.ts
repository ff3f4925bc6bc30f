import { expect, it } from 'vitest';
import { startRetentionTask } from '../../poller/retention.ts';
import { HOUR_MS, joules } from '../../shared/grid/units.ts';
import { capturedLog } from '../captured-log.ts';
import { temporaryFolder } from '../extender/cache/cache-file.ts';
import { FakeClock } from '../fake-clock.ts';
import { decision } from '../shared/store/decisions-contract.ts';
import { sqliteRecording } from '../shared/store/opened-parts.ts';

it('forgets power, readings and placements older than RETENTION_DAYS, and says how many', async () => {
  await using folder = await temporaryFolder();
  await using store = sqliteRecording(folder.path);
  const { history, meters, decisions } = store;
  const clock = new FakeClock('2026-02-10T12:00:00Z');
  const [old, recent] = [clock.now() - 31 * 24 * HOUR_MS, clock.now() - 29 * 24 * HOUR_MS];
  const container = { namespace: 'a', pod: 'b', container: 'c', node: 'n' };
  for (const [at, start] of [old, recent].entries()) {
    await history.append({ target: 't', samples: [{ container, start, end: start + 15_000, joules: joules(1) }] });
    await meters.appendReadings([
      { siteId: 's', deviceId: 'd', watts: 1 as never, timestamp: start, streamId: `1-${at}` },
    ]);
    await decisions.recordDecisions([decision(`u-${at}`, start)]);
  }
  const logger = capturedLog();

  await using _task = startRetentionTask({ config: { RETENTION_DAYS: 30 }, store, clock, logger });

  await expect
    .poll(() => logger.at('info'))
    .toMatchObject([{ fields: { hours: 1, meterReadings: 1, placements: 1, days: 30 } }]);
  const left = await Array.fromAsync(decisions.decisions({ from: 0, to: clock.now() }));
  expect(left.map(({ uid }) => uid)).toEqual(['u-1']);
});

it('does not hold up a stop, however long the store takes', async () => {
  await using folder = await temporaryFolder();
  await using store = sqliteRecording(folder.path);
  const started: string[] = [];
  const history = {
    ...store.history,
    forgetBefore: () => new Promise<number>(() => started.push('forget')),
    compact: async () => void started.push('compact'),
  };
  const logger = capturedLog();
  const task = startRetentionTask({
    ...{ config: { RETENTION_DAYS: 30 }, store: { ...store, history }, clock: new FakeClock(), logger },
  });
  await expect.poll(() => started).toEqual(['forget']);

  await task[Symbol.asyncDispose]();

  expect([started, logger.lines]).toEqual([['forget'], []]);
});
