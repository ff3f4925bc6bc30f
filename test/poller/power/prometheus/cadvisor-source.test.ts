import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../../poller/config.ts';
import { createPowerMetrics } from '../../../../poller/power/power-metrics.ts';
import { CadvisorSource } from '../../../../poller/power/prometheus/cadvisor-source.ts';
import type { PowerSample } from '../../../../shared/records/power.ts';
import { loadConfig } from '../../../../shared/runtime/config.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';
import { capturedLog } from '../../../captured-log.ts';
import { FakeClock } from '../../../fake-clock.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
/** cAdvisor measures every container by itself, some seconds before the scrape. */
const STEP = 15;

/** A container as cAdvisor shows it: cores that it uses from a second on, counted from zero. */
interface Used {
  readonly pod: string;
  readonly id: string;
  readonly cores: number;
  readonly from?: number;
  readonly to?: number;
}

describe('cAdvisor’s counters in a Prometheus', () => {
  it('give the modelled energy of every container, and add up to the node', async () => {
    await using test = await start([
      { pod: 'web-0', id: '/kubepods/a', cores: 1 },
      { pod: 'db-0', id: '/kubepods/b', cores: 0.5 },
    ]);

    await test.readAt(300);

    const watts = test.watts(60, 240);
    // 2 of 4 cores of an m5.xlarge are busy: 28.24 W, of which 8.82 W while idle.
    const perCore = (28.24 - 8.82) / 2;
    expect(watts.get('web-0')).toBeCloseTo(perCore + (2.41 * 1) / 16, 1);
    expect(watts.get('db-0')).toBeCloseTo(perCore / 2 + (2.41 * 1) / 16, 1);
    expect([...watts.values()].reduce((sum, each) => sum + each, 0)).toBeCloseTo(28.24, 1);
    expect(test.samples[0]?.container).toMatchObject({ node: 'n1', powerQuality: 'modelled' });
    expect(test.samples[0]?.container.powerModel?.name).toBe('aws:m5.xlarge');
  });

  it('are read on where they were left, and each second counts once', async () => {
    await using once = await start([{ pod: 'web-0', id: '/kubepods/a', cores: 1 }]);
    await using often = await start([{ pod: 'web-0', id: '/kubepods/a', cores: 1 }]);

    await once.readAt(600);
    for (let at = 60; at <= 600; at += 45) await often.readAt(at);

    expect(often.total()).toBeCloseTo(once.total(), 6);
    expect(once.total()).toBeGreaterThan(0);
  });

  it('of a container that was restarted are counted from its start', async () => {
    await using test = await start([
      { pod: 'web-0', id: '/kubepods/a', cores: 1, to: 150 },
      { pod: 'web-0', id: '/kubepods/a2', cores: 1, from: 150 },
    ]);

    await test.readAt(300);

    expect(test.watts(60, 240).get('web-0')).toBeCloseTo((28.24 - 8.82) / 2 + 2.41 / 16, 0);
  });

  it('of a node that a better source has are left to it', async () => {
    await using test = await start([{ pod: 'web-0', id: '/kubepods/a', cores: 1 }]);

    await test.readAt(300, new Set(['n1']));

    expect(test.samples).toEqual([]);
  });

  it('of a node without NODE_TYPES go by the CPUs that cAdvisor counts', async () => {
    await using test = await start([{ pod: 'web-0', id: '/kubepods/a', cores: 1 }], {});

    await test.readAt(300);

    expect(test.samples[0]?.container.powerModel?.name).toBe('generic');
  });

  it('that cannot be read are named once, and read later', async () => {
    await using test = await start([{ pod: 'web-0', id: '/kubepods/a', cores: 1 }]);
    test.status = 503;
    await test.readAt(120);
    await test.readAt(180);
    test.status = 200;

    await test.readAt(300);

    expect(test.log.at('error').map(({ fields }) => fields.reason)).toEqual(['http-status']);
    expect(test.watts(60, 240).get('web-0')).toBeGreaterThan(0);
  });
});

async function start(used: readonly Used[], env: Record<string, string> = { NODE_TYPES: 'n1=aws:m5.xlarge' }) {
  const clock = new FakeClock(NOON);
  const samples: PowerSample[] = [];
  const log = capturedLog();
  const test = { samples, log, status: 200 };
  const server = await listen(
    (request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const form = new URLSearchParams(text);
        const result = resultOf(form.get('query') ?? '', Number(form.get('time')) * 1000, used);
        const body = { status: 'success', data: { resultType: 'matrix', result } };
        response.writeHead(test.status).end(test.status === 200 ? JSON.stringify(body) : 'unavailable');
      });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const url = `http://127.0.0.1:${server.port}`;
  const source = new CadvisorSource({
    config: loadConfig('poller', pollerConfigSchema, { PROMETHEUS_URL: url, PROMETHEUS_BACKFILL: '10m', ...env }),
    url,
    store: { append: async (tick) => void samples.push(...tick.samples) },
    lastMeasurement: async () => undefined,
    clock,
    logger: log,
    metrics: createPowerMetrics(new Registry()),
  });
  return Object.assign(test, {
    /** Reads what is there some seconds after noon. */
    async readAt(seconds: number, covered: ReadonlySet<string> = new Set()) {
      await clock.advance(NOON + seconds * 1000 - clock.now());
      await source.readNew(covered, new AbortController().signal);
    },
    /** Mean watts by pod within some seconds. */
    watts(from: number, to: number) {
      const watts = new Map<string, number>();
      for (const { container, start, end, joules } of samples) {
        const within = Math.min(end, NOON + to * 1000) - Math.max(start, NOON + from * 1000);
        if (within <= 0) continue;
        const mean = (joules * within) / (end - start) / (to - from);
        watts.set(container.pod, (watts.get(container.pod) ?? 0) + mean);
      }
      return watts;
    },
    total: () => samples.reduce((sum, { joules }) => sum + joules, 0),
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  });
}

/** Raw samples of a range, as Prometheus answers a range selector: everything since noon that lies within. */
function resultOf(query: string, until: number, used: readonly Used[]) {
  const since = until - Number(/\[(\d+)s\]/.exec(query)?.[1]) * 1000;
  const times = (from: number, to: number, late: number) => {
    const all: number[] = [];
    for (let at = from; at <= to; at += STEP) all.push(NOON + (at - late) * 1000);
    return all.filter((at) => at > since && at <= until && at >= NOON);
  };
  const series = (metric: Record<string, string>, at: readonly number[], value: (at: number) => number) => ({
    metric: { instance: '10.0.0.1:10250', job: 'kubelet', node: 'n1', ...metric },
    values: at.map((time) => [time / 1000, String(value(time))]),
  });
  const seconds = (time: number, from = 0) => (time - NOON) / 1000 - from;
  if (query.startsWith('{__name__=~"machine_'))
    return [
      series({ __name__: 'machine_cpu_cores' }, times(0, 3_600, 0), () => 4),
      series({ __name__: 'machine_memory_bytes' }, times(0, 3_600, 0), () => 16e9),
    ];
  if (query.includes('id="/"'))
    return [
      series({ __name__: 'container_cpu_usage_seconds_total', id: '/' }, times(0, 3_600, 0), (at) => 2 * seconds(at)),
    ];
  return used.flatMap(({ pod, id, cores, from = 0, to = 3_600 }, index) => {
    const names = { container: 'app', namespace: 'shop', pod, id, cpu: 'total' };
    const own = times(from, to, 3 * index);
    const started = NOON / 1000 + from;
    return [
      series(
        { __name__: 'container_cpu_usage_seconds_total', ...names },
        own,
        (at) => cores * Math.max(0, seconds(at, from)),
      ),
      series({ __name__: 'container_memory_working_set_bytes', ...names }, own, () => 1e9),
      series({ __name__: 'container_start_time_seconds', ...names }, own, () => started),
    ];
  });
}
