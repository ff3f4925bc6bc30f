import { expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { openAlerts } from '../../../poller/grid/open-alerts.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { startSlack } from '../../doubles/slack.ts';
import { describeDatabase } from '../../servers/databases.ts';
import { timescaleRecording } from '../../shared/store/opened-parts.ts';
import { sampleOf } from './samples.ts';

describeDatabase('two pollers that tell Slack, on one database', (server) => {
  it('tell an incident once between them, and its end when the one that told it is gone', async () => {
    await using slack = await startSlack();
    const dsn = await server().database();
    await using stores = new AsyncDisposableStack();
    const open = async () => {
      const store = stores.use(timescaleRecording(dsn, undefined, 'carbon-poller'));
      const env = { MODE: 'db', TSDB_DSN: dsn, SLACK_WEBHOOK_URL: slack.url };
      const config = loadConfig('poller', pollerConfigSchema, env);
      const metrics = createPollerMetrics().grid;
      const opened = await openAlerts({
        config,
        zones: [zone('PL')],
        clock: systemClock,
        logger: capturedLog(),
        metrics,
        store,
      });
      return opened as NonNullable<typeof opened>;
    };
    const { signal } = new AbortController();
    const now = Date.now();
    const observe = (alerts: Awaited<ReturnType<typeof open>>, value: number) =>
      alerts.observe([sampleOf('PL', value, now)], signal);

    const first = await open();
    await observe(first, 640);
    await using second = await open();
    await observe(second, 640);
    const meanwhile = slack.received;
    await first[Symbol.asyncDispose]();
    await expect
      .poll(async () => observe(second, 300).then(() => slack.accepted.at(-1)), { interval: 500 })
      .toContain('Recovered: carbon intensity of PL is 300');

    expect(meanwhile).toBe(1);
    expect(slack.received).toBe(2);
  });
});
