// Flow: alerts over restarts of the poller.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlerts } from '../../../poller/grid/alerts.ts';
import { createPollerMetrics } from '../../../poller/metrics.ts';
import type { IntensitySample } from '../../../shared/grid/intensity.ts';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { alertFile } from '../../../shared/store/alert-file.ts';
import type { AlertMemory } from '../../../shared/store/alert-memory.ts';
import { capturedLog } from '../../captured-log.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { type SlackDouble, startSlack } from '../../doubles/slack.ts';
import { FakeClock } from '../../fake-clock.ts';
import { sampleOf } from './samples.ts';

const CYCLE_MS = 5 * 60_000;

let slack: SlackDouble;
let clock: FakeClock;
let log: ReturnType<typeof capturedLog>;
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(async () => {
  slack = await startSlack();
  clock = new FakeClock('2026-01-15T12:00:00Z');
  clock.sleep = async () => undefined;
  log = capturedLog();
  folder = temporaryFolder();
});

afterEach(async () => {
  await slack[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function options() {
  const config = { SLACK_WEBHOOK_URL: slack.url, ALERT_INTENSITY: 500 };
  return { config, clock, logger: log, metrics: createPollerMetrics().grid };
}

/** A poller that begins here; the one before is gone without a word. */
function begin(codes = ['DE', 'PL'], memory: AlertMemory = alertFile(folder.path)) {
  const alerts = createAlerts({ ...options(), zones: codes.map(zone), memory });
  return async (values: Record<string, number>, cycles = 1) => {
    for (let cycle = 0; cycle < cycles; cycle++) {
      const samples = Object.entries(values).map(([code, value]) => sampleOf(code, value, clock.now()));
      await alerts?.observe(samples, new AbortController().signal);
      await clock.advance(CYCLE_MS);
    }
  };
}

describe('alerts over a restart', () => {
  it('are not told again while the incident lasts, and its end is told', async () => {
    await begin()({ DE: 300, PL: 640 });

    await begin()({ DE: 300, PL: 640 }, 2);
    await begin()({ DE: 300, PL: 400 }, 2);

    expect(slack.accepted).toEqual([
      'Carbon intensity of PL is 640 gCO2eq/kWh, above 500 (electricity-maps, estimated).',
      'Recovered: carbon intensity of PL is 400 gCO2eq/kWh (after 15 min)',
    ]);
  });

  it('are delivered when the process before could not reach Slack', async () => {
    slack.answers.unshift({ status: 503, body: 'away' });
    await begin()({ DE: 300, PL: 640 });

    await begin()({ DE: 300, PL: 640 }, 2);

    expect([slack.received, slack.accepted.length]).toEqual([2, 1]);
  });

  it('keep counting failed poll cycles', async () => {
    await begin()({}, 2);
    await begin()({}, 2);

    expect(slack.accepted).toEqual([expect.stringContaining('for 3 poll cycles in a row')]);
  });

  it('count the time without data on, also of a zone that never had any', async () => {
    for (let start = 0; start < 4; start++) await begin()({ DE: 300 }, 12);

    expect(slack.accepted).toEqual(['No fresh carbon intensity of PL since 2026-01-15T12:00:00.000Z.']);
  });

  it('say nothing of a zone that is followed no more, nor of the time that nobody watched once data is fresh', async () => {
    await begin()({ DE: 300, PL: 640 });
    slack.accepted.length = 0;
    clock.jump(9 * HOUR_MS);

    await begin(['DE'])({ DE: 300 }, 2);
    await begin()({ DE: 300, PL: 100 }, 2);

    expect(slack.accepted).toEqual([]);
  });

  it('begin anew from a file that nobody can read, say so once, and replace it', async () => {
    writeFileSync(join(folder.path, 'alerts.json'), '{"open":{"high');

    await begin()({ DE: 300, PL: 640 }, 2);
    await begin()({ DE: 300, PL: 640 });

    expect(slack.accepted).toHaveLength(1);
    expect(log.at('warn').map(({ message }) => message)).toEqual([
      'could not read or write the state of alerts; a restart may repeat some: check the store',
    ]);
  });

  it('go on while their memory is away, and join it when it is back', async () => {
    await begin()({ DE: 640, PL: 640 });
    slack.accepted.length = 0;
    const file = alertFile(folder.path);
    let away = true;
    const memory: AlertMemory = { ...file, load: () => (away ? Promise.reject(new Error('away')) : file.load()) };

    const poll = begin(['DE', 'PL', 'FR'], memory);
    await poll({ FR: 900 }, 2);
    away = false;
    await poll({ DE: 300, PL: 640, FR: 900 });
    await begin(['DE', 'PL', 'FR'])({ DE: 300, PL: 640, FR: 900 });

    expect(slack.accepted.map((text) => text.split(' is ')[0])).toEqual([
      'Carbon intensity of FR',
      'Recovered: carbon intensity of DE',
    ]);
  });

  it('notice a provider that repeats one hour for three, also in single runs, but not one that merely lags', async () => {
    const stuck = clock.now() - HOUR_MS;
    const observe = async (code: string, datetime: number, quality: IntensitySample['quality'] = 'estimated') => {
      const alerts = createAlerts({ ...options(), zones: [zone(code)], memory: alertFile(join(folder.path, code)) });
      await alerts?.observe([sampleOf(code, 300, clock.now(), { datetime, quality })], new AbortController().signal);
    };

    for (let hour = 0; hour < 5; hour++) {
      await observe('PL', stuck);
      await observe('US-TEX-ERCO', clock.now() - 20 * HOUR_MS);
      await observe('SG', Date.UTC(2025, 0, 1), 'yearly-average');
      await clock.advance(HOUR_MS);
    }
    await observe('PL', clock.now());

    expect(slack.accepted).toEqual([
      'No fresh carbon intensity of PL since 2026-01-15T12:00:00.000Z.',
      'Recovered: carbon intensity of PL is fresh again (after 2 h)',
    ]);
  });
});
