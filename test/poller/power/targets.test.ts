import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollerConfigSchema } from '../../../poller/config.ts';
import { endpointSliceTargets } from '../../../poller/power/endpoint-slices.ts';
import { ExporterAccess } from '../../../poller/power/exporter-access.ts';
import { scrape } from '../../../poller/power/kepler/scrape.ts';
import { resolvedTargets } from '../../../poller/power/targets.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { listen } from '../../../shared/runtime/http-server.ts';
import { createClient } from '../../../shared/runtime/kubernetes/client.ts';
import { openConnections } from '../../../shared/runtime/kubernetes/connection.ts';
import { capturedLog } from '../../captured-log.ts';

const HEADLESS = 'http://kepler.kepler.svc:9102/metrics';
const four = (address: string) => ({ address, family: 4 });
const six = (address: string) => ({ address, family: 6 });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'targets-'));
  writeFileSync(join(folder, 'token'), 'of-the-pod\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('targets by name', () => {
  it('are all addresses of the name, looked up anew in every round, one family only', async () => {
    let addresses = [four('10.0.0.2'), four('10.0.0.1'), six('fd00::1')];
    const targets = resolvedTargets([HEADLESS, HEADLESS], capturedLog(), async () => addresses);

    const first = await targets();
    addresses = [six('fd00::1')];
    const second = await targets();

    expect(first).toEqual([
      { name: `${HEADLESS}@10.0.0.1`, url: 'http://10.0.0.1:9102/metrics', host: 'kepler.kepler.svc:9102' },
      { name: `${HEADLESS}@10.0.0.2`, url: 'http://10.0.0.2:9102/metrics', host: 'kepler.kepler.svc:9102' },
    ]);
    expect(second.map(({ url }) => url)).toEqual(['http://[fd00::1]:9102/metrics']);
  });

  it('are the addresses themselves where addresses are given, without their credentials in the name', async () => {
    const never = async () => Promise.reject(new Error('looked up'));
    const targets = resolvedTargets(
      ['http://me:secret@10.1.1.1/metrics', 'http://localhost:1/m'],
      capturedLog(),
      never,
    );

    expect((await targets()).map(({ name }) => name)).toEqual(['http://10.1.1.1/metrics', 'http://localhost:1/m']);
  });

  it('keep the addresses that they had when the name cannot be looked up, and say so once', async () => {
    let broken = false;
    const log = capturedLog();
    const targets = resolvedTargets([HEADLESS, 'http://10.9.9.9/metrics'], log, async () => {
      if (broken) throw new Error('EAI_AGAIN');
      return [four('10.0.0.1')];
    });
    const before = await targets();

    broken = true;
    await targets();
    const after = await targets();

    expect(after).toEqual(before);
    expect(log.at('warn')).toHaveLength(1);
  });
});

describe('targets by EndpointSlices', () => {
  it('are the ready endpoints of the service, with their nodes, at the port of the pods', async () => {
    const asked: (string | undefined)[] = [];
    await using api = await listen(
      (request, response) => {
        asked.push(request.headers.authorization, request.url);
        const endpoint = (address: string, nodeName: string, ready = true) => ({
          addresses: [address],
          nodeName,
          conditions: { ready },
        });
        const ports = [{ name: 'http', port: 28282, protocol: 'TCP' }];
        const items = [
          { addressType: 'IPv4', ports, endpoints: [endpoint('10.0.0.1', 'n1'), endpoint('10.0.0.2', 'n2', false)] },
          { addressType: 'IPv6', ports, endpoints: [endpoint('fd00::1', 'n1')] },
        ];
        response
          .setHeader('Content-Type', 'application/json')
          .end(JSON.stringify({ kind: 'EndpointSliceList', items }));
      },
      { host: '127.0.0.1', port: 0 },
    );
    await using client = clientOf(api.port, folder);

    const targets = await endpointSliceTargets(['http://kepler.power:80/metrics'], client, capturedLog())();

    expect(targets).toEqual([
      {
        name: 'http://kepler.power/metrics@10.0.0.1',
        url: 'http://10.0.0.1:28282/metrics',
        host: 'kepler.power',
        node: 'n1',
      },
    ]);
    expect(asked[0]).toBe('Bearer of-the-pod');
    expect(asked[1]).toContain('/namespaces/power/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkepler');
  });

  it('stay as they were while the API refuses, and say so once', async () => {
    let status = 200;
    await using api = await listen(
      (_request, response) => {
        const endpoints = [{ addresses: ['10.0.0.1'], nodeName: 'n1' }];
        const items = [{ addressType: 'IPv4', ports: [{ port: 1 }], endpoints }];
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ items }));
      },
      { host: '127.0.0.1', port: 0 },
    );
    const log = capturedLog();
    await using client = clientOf(api.port, folder);
    const targets = endpointSliceTargets(['http://kepler.power/metrics'], client, log);
    const before = await targets();

    status = 403;
    await targets();

    expect(await targets()).toEqual(before);
    expect(before).toHaveLength(1);
    expect(log.at('warn')).toHaveLength(1);
  });
});

describe('access to an exporter', () => {
  it('sends the name that was asked for and the newest token', async () => {
    const seen: (string | undefined)[] = [];
    await using exporter = await listen(
      (request, response) => {
        seen.push(request.headers.host, request.headers.authorization);
        response.end('kepler_container_joules_total{container_id="a",mode="dynamic"} 1\n');
      },
      { host: '127.0.0.1', port: 0 },
    );
    const config = loadConfig('poller', pollerConfigSchema, { EXPORTER_BEARER_FILE: join(folder, 'token') });
    await using access = new ExporterAccess(config);
    const target = { name: 't', url: `http://127.0.0.1:${exporter.port}/metrics`, host: 'kepler.kepler:9102' };
    const once = async () =>
      scrape('t', target.url, {
        timeoutMs: 5_000,
        maxBytes: 1_000,
        dispatcher: await access.dispatcherFor(target),
        headers: await access.headersFor(target),
        signal: new AbortController().signal,
      });

    await once();
    writeFileSync(join(folder, 'token'), 'renewed\n');
    await once();

    expect(seen).toEqual(['kepler.kepler:9102', 'Bearer of-the-pod', 'kepler.kepler:9102', 'Bearer renewed']);
  });
});

function clientOf(port: number, folder: string) {
  const tokenFile = join(folder, 'token');
  return createClient(openConnections({ server: `http://127.0.0.1:${port}`, user: { tokenFile } }));
}
