import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlerts } from '../../../poller/grid/alerts.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { capturedLog } from '../../captured-log.ts';
import { SLACK_SECRET, type SlackDouble, startSlack } from '../../doubles/slack.ts';
import { FakeClock } from '../../fake-clock.ts';
import { sampleOf } from './samples.ts';

const CYCLE_MS = 5 * 60_000;

let slack: SlackDouble;
let clock: FakeClock;
let log: ReturnType<typeof capturedLog>;

beforeEach(async () => {
  slack = await startSlack();
  clock = new FakeClock('2026-01-15T12:00:00Z');
  // Pauses between messages pass at once.
  clock.sleep = async () => undefined;
  log = capturedLog();
});

afterEach(() => slack[Symbol.asyncDispose]());

function start(codes = ['DE', 'PL'], url = slack.url) {
  const alerts = createAlerts({
    config: { SLACK_WEBHOOK_URL: url, ALERT_INTENSITY: 500 },
    zones: codes.map(zone),
    clock,
    logger: log,
    metrics: createPollerMetrics().grid,
  });
  return async (values: Record<string, number>) => {
    await alerts?.observe(
      Object.entries(values).map(([code, value]) => sampleOf(code, value, clock.now())),
      new AbortController().signal,
    );
    await clock.advance(CYCLE_MS);
  };
}

describe('alerts', () => {
  it('tells three failed poll cycles in a row once, and the recovery once', async () => {
    const poll = start();

    for (const values of [{ DE: 300, PL: 400 }, {}, {}, {}, {}, {}, { DE: 300, PL: 400 }, { DE: 300, PL: 400 }])
      await poll(values);

    expect(slack.accepted).toEqual([
      'No grid provider has returned a value for 3 poll cycles in a row (2 zones, 2026-01-15T12:15:00.000Z).',
      'Recovered: grid providers return values again (after 15 min)',
    ]);
  });

  it('says nothing of two failed poll cycles', async () => {
    const poll = start();

    for (const values of [{ DE: 300, PL: 1 }, {}, {}, { DE: 300, PL: 1 }]) await poll(values);

    expect(slack.accepted).toEqual([]);
  });

  it('tells a zone without fresh data for three hours once, and when it is back', async () => {
    const poll = start();

    for (let turn = 0; turn < 48; turn++) await poll(turn === 0 || turn > 44 ? { DE: 300, PL: 400 } : { DE: 300 });

    expect(slack.accepted).toEqual([
      'No fresh carbon intensity of PL since 2026-01-15T12:00:00.000Z.',
      'Recovered: carbon intensity of PL is fresh again (after 45 min)',
    ]);
  });

  it('tells an intensity above the threshold once while it hovers there', async () => {
    const poll = start();

    for (const PL of [499, 501, 640, 499, 502, 480, 503, 470, 490, 530]) await poll({ DE: 300, PL });

    expect(slack.accepted).toEqual([
      'Carbon intensity of PL is 501 gCO2eq/kWh, above 500 (electricity-maps, estimated).',
      'Recovered: carbon intensity of PL is 470 gCO2eq/kWh (after 30 min)',
      'Carbon intensity of PL is 530 gCO2eq/kWh, above 500 (electricity-maps, estimated).',
    ]);
  });

  it.each([
    [404, 'no_service'],
    [410, 'channel_is_archived'],
    [403, 'invalid_token'],
    [302, ''],
    [200, 'not ok'],
  ])('gives a message up that Slack refuses for good (%s %s)', async (status, body) => {
    slack.answers.unshift({ status, body });
    const poll = start();

    await poll({ DE: 300, PL: 640 });
    await poll({ DE: 300, PL: 640 });

    expect(slack.received).toBe(1);
    expect(log.at('error')).toMatchObject([{ fields: { code: 'ALERT_REFUSED' } }]);
    if (/^\w+$/.test(body)) expect(log.at('error')[0]?.fields.reason).toBe(`HTTP ${status}: ${body}`);
  });

  it('keeps a message for later when Slack asks to wait, and sends it once', async () => {
    slack.answers.unshift({ status: 429, body: 'rate_limited', headers: { 'Retry-After': '400' } });
    const poll = start();

    for (let turn = 0; turn < 4; turn++) await poll({ DE: 300, PL: 640 });

    expect([slack.received, slack.accepted.length]).toEqual([2, 1]);
  });

  it('keeps messages while Slack is down, in their order', async () => {
    slack.answers.unshift({ status: 500, body: 'rollup_error' }, { status: 503, body: '<html>' });
    const poll = start();

    await poll({ DE: 300, PL: 640 });
    await poll({ DE: 300, PL: 100 });
    await poll({ DE: 300, PL: 100 });

    expect(slack.accepted.map((text) => text.split(' ')[0])).toEqual(['Carbon', 'Recovered:']);
  });

  it('never logs the address, whatever Slack or the network does', async () => {
    const poll = start();
    for (const status of [404, 500, 429, 302, 200])
      slack.answers.unshift({ status, body: `see ${slack.url}`, headers: { Location: slack.url } });

    for (let turn = 0; turn < 8; turn++) await poll({ DE: 300, PL: turn % 2 === 0 ? 640 : 100 });
    await start(['DE'], `http://127.0.0.1:1/services/${SLACK_SECRET}`)({ DE: 640 });

    expect(log.lines.length).toBeGreaterThan(4);
    expect(JSON.stringify(log.lines)).not.toMatch(/wEbHoOkSeCrEt|services/);
  });

  it('does nothing without an address', () => {
    const config = { SLACK_WEBHOOK_URL: undefined, ALERT_INTENSITY: 500 };
    const metrics = createPollerMetrics().grid;

    expect(createAlerts({ config, zones: [], clock, logger: log, metrics })).toBeUndefined();
  });

  it('takes three hours from the start for a zone that never had any data', async () => {
    const poll = start();
    const began = clock.now();
    while (slack.accepted.length === 0 && clock.now() < began + 5 * HOUR_MS) await poll({ DE: 300 });

    expect(clock.now() - began).toBe(3 * HOUR_MS + CYCLE_MS);
  });
});
