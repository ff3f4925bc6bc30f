import { describe, expect, it } from 'vitest';
import { MeasuredNodes } from '../../../../poller/power/calibration/measured-nodes.ts';
import { listen } from '../../../../shared/runtime/http-server.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { source } from './prometheus-reading.ts';

describe('a Prometheus that', () => {
  it('has limits is read in shorter pieces', async () => {
    const clock = new FakeClock();
    const ranges: number[] = [];
    await using api = await stub((query) => {
      const seconds = Number(/\[(\d+)s\]/.exec(query)?.[1]);
      ranges.push(seconds);
      const error = 'query processing would load too many samples into memory in query execution';
      return seconds > 1_000 ? [422, { status: 'error', errorType: 'execution', error }] : [200, vector()];
    });
    await using reading = source(api.url, clock, undefined, { PROMETHEUS_BACKFILL: '1h' });

    await reading.readNew();

    expect(ranges.slice(0, 4)).toEqual([3925, 2128, 1229, 780]);
    expect(reading.log.at('error')).toEqual([]);
  });

  it('has more than a response may hold is read in shorter pieces', async () => {
    const clock = new FakeClock();
    const ranges: number[] = [];
    await using api = await stub((query) => {
      const seconds = Number(/\[(\d+)s\]/.exec(query)?.[1]);
      ranges.push(seconds);
      return [200, { ...(vector() as object), infos: 'x'.repeat(seconds * 600) }];
    });
    const settings = { PROMETHEUS_BACKFILL: '1h', SCRAPE_MAX_BODY_MB: '1' };
    await using reading = source(api.url, clock, undefined, settings);

    await reading.readNew();

    expect(ranges).toEqual([3925, 2128, 1229, 1229, 1229, 1229]);
    expect(reading.log.at('error')).toEqual([]);
  });

  it.each<[string, number, unknown, RegExp]>([
    ['query-refused', 422, { status: 'error', errorType: 'bad_data', error: 'unknown function' }, /422.*bad_data/],
    ['query-refused', 400, { status: 'error', errorType: 'bad_data', error: 'out of bounds' }, /400/],
    ['partial', 200, { ...(vector() as object), warnings: ['store 10.0.0.1 is unreachable'] }, /partial.*10\.0\.0\.1/],
    ['http-status', 401, 'no org id', /401.*no org id/],
    ['html', 200, '<html>Sign in</html>', /not JSON/],
    ['foreign', 200, { hello: 1 }, /query API/],
    ['foreign', 200, '{"status":"success","data":{"resultType":"ma', /not JSON/],
  ])('responds badly (%s) is named once, and nothing is recorded or skipped', async (reason, status, body, detail) => {
    const clock = new FakeClock();
    let good = false;
    const times: number[] = [];
    await using api = await stub((_query, time) => {
      times.push(time);
      return good ? [200, vector()] : [status, body];
    });
    await using reading = source(api.url, clock, undefined, { PROMETHEUS_BACKFILL: '10m' });

    await reading.readNew();
    await reading.readNew();
    good = true;
    await reading.readNew();

    expect(reading.samples).toEqual([]);
    expect(reading.log.at('error').map(({ fields }) => [fields.reason, fields.detail])).toEqual([
      [reason, expect.stringMatching(detail)],
    ]);
    // The same piece of the past is asked for until it is given.
    expect(new Set(times.slice(0, 3)).size).toBe(1);
  });

  it('has Kepler’s counters says what nodes draw now, by the clock that sources compare by, and not what they drew before', async () => {
    const clock = new FakeClock();
    const now = clock.now();
    // As on a real machine, the two clocks began to count at different times.
    const clocks = {
      now: () => clock.now(),
      monotonic: () => clock.now() - now + 1_000_000,
      sleep: () => Promise.resolve(),
    };
    const nodes = new MeasuredNodes();
    const known = [
      ...recordOf('n1', { watts: 20, from: now - 600_000, until: now }),
      ...recordOf('n2', { watts: 30, from: now - 600_000, until: now, platform: 180 }),
      ...recordOf('gone', { watts: 40, from: now - 600_000, until: now - 300_000 }),
    ];
    await using api = await keplerApi(() => known);
    await using reading = source(api.url, clocks, undefined, { PROMETHEUS_BACKFILL: '10m' }, nodes);

    await reading.readNew();

    const since = clocks.monotonic() - 82_500;
    expect(reading.log.at('error')).toEqual([]);
    expect(nodes.of('n1', since)).toMatchObject({ watts: 20, source: 'kepler' });
    expect(nodes.of('n2', since)).toMatchObject({ watts: 180, source: 'platform' });
    expect(nodes.of('n1', clocks.monotonic())).toBeUndefined();
    expect(nodes.of('gone', since)).toBeUndefined();
    expect(nodes.of('gone', since - 300_000)).toMatchObject({ watts: 40 });
  });

  it('has old samples alone is named once, until it has new ones; what it has is recorded', async () => {
    const clock = new FakeClock();
    const now = clock.now();
    let known = recordOf('n1', { watts: 20, from: now - 3_000_000, until: now - 600_000 });
    await using api = await keplerApi(() => known);
    await using reading = source(api.url, clock, undefined, { PROMETHEUS_BACKFILL: '1h' });

    await reading.readNew();
    await clock.advance(15_000);
    await reading.readNew();
    const joules = reading.samples.reduce((sum, sample) => sum + sample.joules, 0);
    known = recordOf('n1', { watts: 20, from: now - 3_000_000, until: now + 30_000 });
    await clock.advance(15_000);
    await reading.readNew();

    expect(joules).toBe(20 * 2_400);
    expect(reading.log.at('error').map(({ fields }) => [fields.code, fields.reason, fields.detail])).toEqual([
      ['PROMETHEUS_READ_FAILED', 'stale', expect.stringMatching(/595 s old; check that it scrapes Kepler/)],
    ]);
    expect(reading.log.at('info').map(({ message }) => message)).toEqual(['receiving power']);
  });

  it('asks for a tenant and a token gets them', async () => {
    const clock = new FakeClock();
    await using api = await stub(() => [200, vector()]);
    await using reading = source(api.url, clock, undefined, { PROMETHEUS_TENANT: 'team-a' });

    await reading.readNew();

    expect(api.headers()?.['x-scope-orgid']).toBe('team-a');
  });
});

/** A query API that answers as told; the real one's limits and errors are hard to reach in a test. */
async function stub(respond: (query: string, time: number) => [status: number, body: unknown]) {
  let headers: Record<string, unknown> | undefined;
  const api = await listen(
    (request, response) => {
      headers = request.headers;
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const form = new URLSearchParams(text);
        const [status, body] = respond(form.get('query') ?? '', Number(form.get('time')));
        response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: `http://127.0.0.1:${api.port}`,
    headers: () => headers,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

/** A query API that has what is known, up to the time of a query. */
function keplerApi(known: () => readonly ReturnType<typeof recordOf>[number][]) {
  return stub((query, time) => {
    const since = time - Number(/\[(\d+)s\]/.exec(query)?.[1]);
    const result = known().flatMap(({ metric, values }) => {
      const within = values.filter(([at]) => at > since && at <= time);
      return within.length === 0 ? [] : [{ metric, values: within }];
    });
    if (!query.startsWith('group')) return [200, { status: 'success', data: { resultType: 'matrix', result } }];
    const exporter = { metric: { job: 'kepler', instance: 'k:28282' }, value: [time, '1'] };
    return [200, result.length === 0 ? vector() : vector(exporter)];
  });
}

function vector(...result: readonly object[]): unknown {
  return { status: 'success', data: { resultType: 'vector', result } };
}

interface Drawn {
  readonly watts: number;
  readonly from: number;
  readonly until: number;
  /** Watts of the whole machine, as its controller shows them. */
  readonly platform?: number;
}

/** What a Prometheus has of a node with one container, a scrape every 15 s. */
function recordOf(node: string, { watts, from, until, platform }: Drawn) {
  const times: number[] = [];
  for (let at = from; at <= until; at += 15_000) times.push(at / 1000);
  const series = (name: string, labels: Record<string, string>, value: (seconds: number) => number) => ({
    metric: { __name__: name, job: 'kepler', instance: 'k:28282', node_name: node, ...labels },
    values: times.map((at) => [at, String(value(at - from / 1000))] as const),
  });
  const pod = { pod_id: `pod-${node}`, zone: 'package' };
  const joules = (seconds: number) => watts * seconds;
  return [
    series('kepler_container_cpu_joules_total', { container_id: node, container_name: 'app', ...pod }, joules),
    series('kepler_pod_cpu_joules_total', { pod_name: node, pod_namespace: 'shop', ...pod }, joules),
    ...(platform === undefined ? [] : [series('kepler_platform_watts', {}, () => platform)]),
  ];
}
