import { expect, it } from 'vitest';
import { startBudgets } from '../../../poller/budgets/start.ts';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { openRecordingStore } from '../../../shared/store/open.ts';
import { capturedLog } from '../../captured-log.ts';
import { startSlack } from '../../doubles/slack.ts';
import { FakeClock } from '../../fake-clock.ts';
import { describeDatabase } from '../../servers/databases.ts';
import { openTimescaleWorkloads } from '../../shared/store/opened-parts.ts';
import { workload } from '../../shared/store/workloads-contract.ts';

const NOON = Date.parse('2026-01-15T12:00:00Z');
const HELD = 'this process watches the carbon budgets';
const STANDBY = 'another process watches the carbon budgets; this one is on standby';

describeDatabase('two pollers that watch the budgets of one database', (server) => {
  it('send one alert between them whatever their lease is called, and show each budget once', async () => {
    const dsn = await server().database();
    await using slack = await startSlack();
    await using books = openTimescaleWorkloads(dsn);
    await books.setBudget({ kind: 'service', name: 'checkout', per: 'day', grams: 100 });
    await books.saveWorkloads([workload({ period_start: NOON - HOUR_MS, period_end: NOON, total_gCO2e: 90 })]);
    const [first, second] = [poller(dsn, slack.url, 'hall-a'), poller(dsn, slack.url, 'hall-b')];

    await using both = new AsyncDisposableStack();
    for (const started of await Promise.all([first.start(), second.start()])) both.use(started);
    await expect.poll(() => [first.word(), second.word()].sort()).toEqual([STANDBY, HELD]);
    await expect.poll(() => slack.accepted.length).toBeGreaterThan(0);
    for (let round = 0; round < 3; round++) await Promise.all([first.round(), second.round()]);

    const shown = await Promise.all([first, second].map((one) => one.registry.metrics()));
    expect(slack.accepted).toEqual([expect.stringContaining('service checkout is nearly used up')]);
    expect(shown.filter((text) => text.includes('carbon_budget_used_grams{'))).toHaveLength(1);
  });
});

/** A poller's budget part on a clock of its own; its lease beats in real time. */
function poller(dsn: string, webhook: string, name: string) {
  const env = { MODE: 'db', TSDB_DSN: dsn, SLACK_WEBHOOK_URL: webhook, LEASE_NAME: name };
  const config = loadConfig('poller', pollerConfigSchema, env);
  const clock = new FakeClock(NOON);
  const logger = capturedLog();
  const { budgets: metrics, registry } = createPollerMetrics();
  return {
    registry,
    word: () => logger.lines.findLast(({ message }) => message.includes('carbon budgets'))?.message,
    async start() {
      await using stack = new AsyncDisposableStack();
      const store = stack.use(await openRecordingStore(config, { clock, logger }));
      stack.use(startBudgets({ config, store, metrics, clock, logger }));
      return stack.move();
    },
    async round() {
      await clock.advance(5 * 60_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
  };
}
