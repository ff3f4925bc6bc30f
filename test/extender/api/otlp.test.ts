import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOtlp } from '../../../extender/api/otlp.ts';
import { JOULES_PER_KWH } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { otelCollector } from '../../servers/otel-collector.ts';
import { start, web } from './start-api.ts';

let api: Awaited<ReturnType<typeof start>>;

beforeEach(async () => {
  api = await start();
  await api.intensity('DE', -1, 300);
  await api.intensity('DE', 0, 200);
  await api.hour(-1, [web, JOULES_PER_KWH]);
});

afterEach(() => api[Symbol.asyncDispose]());

function exporting(endpoint: string) {
  const config = {
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: { 'api-key': 'secret' } },
    ...{ OTEL_METRIC_EXPORT_INTERVAL: 3_600_000, CLUSTER_NAME: 'north' },
  };
  const source = { store: api.store, zoneOfNode: () => zone('DE') };
  return startOtlp({ config, source, clock: api.clock, logger: api.log }, endpoint);
}

describe('metrics by OTLP', () => {
  const collector = otelCollector();

  it.skipIf(collector === undefined)(
    'arrive in a real collector, with the names of the semantic conventions',
    async () => {
      await using running = await collector?.start();
      await using otlp = exporting(running?.endpoint ?? '');
      await otlp.flush();
      await api.power(15, 2 * JOULES_PER_KWH);
      await otlp.flush();

      const text = (await running?.printed(/Value: 400\.0/)) ?? '';

      expect(text).toMatch(/k8s\.cluster\.name: Str\(north\)/);
      expect(text).toMatch(/service\.name: Str\(carbon-extender\)/);
      expect(text).toMatch(
        /Name: carbon_extender\.workload\.energy\n.*?Unit: J.*?IsMonotonic: true.*?AggregationTemporality: Cumulative/s,
      );
      expect(text).toMatch(/k8s\.namespace\.name: Str\(shop\).*?Value: 7200000/s);
      expect(text).toMatch(/Name: carbon_extender\.workload\.emissions\n.*?Unit: g/s);
      expect(text).toMatch(/Name: hw\.host\.energy\n.*?hw\.id: Str\(n1\).*?k8s\.node\.name: Str\(n1\)/s);
    },
  );

  it('are protobuf over HTTP with the headers given, and count from the start on', async () => {
    const requests: { url?: string | undefined; type?: string | undefined; key?: unknown; body: string }[] = [];
    const server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString('latin1');
      requests.push({ url: request.url, type: request.headers['content-type'], key: request.headers['api-key'], body });
      response.setHeader('content-type', 'application/x-protobuf').end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const otlp = exporting(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

    await otlp.flush();
    await otlp[Symbol.asyncDispose]();
    server.close();

    expect(requests[0]).toMatchObject({ url: '/v1/metrics', type: 'application/x-protobuf', key: 'secret' });
    for (const name of ['carbon_extender.workload.energy', 'carbon_extender.workload.emissions', 'hw.host.energy'])
      expect(requests[0]?.body).toContain(name);
    expect(api.log.at('warn')).toEqual([]);
  });

  it('that cannot be sent are warned about, and nothing else happens', async () => {
    const server = createServer((_request, response) => response.writeHead(400).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const otlp = exporting(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

    await otlp.flush().catch(() => undefined);
    await otlp[Symbol.asyncDispose]();
    server.close();

    expect(api.log.at('warn')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ fields: expect.objectContaining({ code: 'OTLP_NOT_EXPORTED' }) }),
      ]),
    );
    expect((await api.get('/health')).status).toBe(200);
  });
});
