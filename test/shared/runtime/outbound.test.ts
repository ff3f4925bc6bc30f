import { createServer, get as forward, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PrometheusClient } from '../../../poller/power/prometheus/prometheus-client.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { type ListeningServer, listen } from '../../../shared/runtime/http-server.ts';
import { outboundDispatcher, outboundSettings } from '../../../shared/runtime/outbound.ts';

const config = (env: Record<string, string>) => loadConfig('test', z.object(outboundSettings), env);

/** A proxy that tunnels and forwards, and counts what it was used for. */
async function startProxy() {
  const targets: string[] = [];
  // Requests to http addresses come whole, those to https addresses as a tunnel.
  const server = createServer((incoming, response) => {
    targets.push(new URL(incoming.url ?? '').host);
    // Bodies of requests do not matter to the service behind it.
    forward(incoming.url ?? '', (upstream) => upstream.pipe(response));
  });
  server.on('connect', (incoming: IncomingMessage, socket) => {
    targets.push(incoming.url ?? '');
    const [host = '', port = ''] = (incoming.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    targets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let service: ListeningServer;

beforeEach(async () => {
  service = await listen((_, response) => void response.end('ok'), { host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  service.server.closeAllConnections();
  await service[Symbol.asyncDispose]();
});

const fetchService = async (env: Record<string, string>) => {
  const dispatcher = outboundDispatcher(config(env));
  const url = `http://127.0.0.1:${service.port}/`;
  const { body } = await request(url, dispatcher ? { dispatcher } : {});
  const text = await body.text();
  await dispatcher?.destroy();
  return text;
};

describe('outboundDispatcher', () => {
  it('is not needed without any setting', () => {
    expect(outboundDispatcher(config({}))).toBeUndefined();
  });

  it.each(['HTTP_PROXY', 'http_proxy'])('sends requests through %s', async (name) => {
    await using proxy = await startProxy();

    expect(await fetchService({ [name]: proxy.url })).toBe('ok');
    expect(proxy.targets).toEqual([`127.0.0.1:${service.port}`]);
  });

  it.each(['127.0.0.1', '*', '10.0.0.0/8, 127.0.0.0/8', '127.0.0.1/32'])(
    'reaches hosts in NO_PROXY=%s directly',
    async (NO_PROXY) => {
      await using proxy = await startProxy();

      expect(await fetchService({ HTTP_PROXY: proxy.url, NO_PROXY })).toBe('ok');
      expect(proxy.targets).toEqual([]);
    },
  );

  it.each(['10.0.0.0/8', '127.0.0.2/32', '2001:db8::/32', '127.0.0.0/33', 'localhost'])(
    'uses the proxy for addresses outside of NO_PROXY=%s',
    async (NO_PROXY) => {
      await using proxy = await startProxy();

      expect(await fetchService({ HTTP_PROXY: proxy.url, NO_PROXY })).toBe('ok');
      expect(proxy.targets).toEqual([`127.0.0.1:${service.port}`]);
    },
  );

  it.each([
    ['through the proxy', {}, 1],
    ['directly within NO_PROXY', { NO_PROXY: '127.0.0.0/8' }, 0],
  ])('has Prometheus queried %s', async (_, env, requests) => {
    await using proxy = await startProxy();
    const outbound = config({ HTTP_PROXY: proxy.url, ...env });
    await using client = new PrometheusClient({
      url: `http://127.0.0.1:${service.port}`,
      timeoutMs: 5_000,
      maxBytes: 1e6,
      outbound,
    });

    await expect(client.query('up', 0, new AbortController().signal)).rejects.toThrow(/the response is not JSON/);
    expect(proxy.targets).toHaveLength(requests);
  });

  it('refuses a proxy that is not an address, and a CA file without a certificate', () => {
    expect(() => config({ HTTPS_PROXY: 'proxy:3128' })).toThrow(/HTTPS_PROXY/);
    expect(() => outboundDispatcher(config({ OUTBOUND_CA_FILE: 'package.json' }))).toThrow(/has no certificate/);
    expect(() => outboundDispatcher(config({ OUTBOUND_CA_FILE: '/nowhere.pem' }))).toThrow(/cannot be read \(ENOENT\)/);
  });
});
