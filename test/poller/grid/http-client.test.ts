import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { get, userAgentOf } from '../../../poller/grid/http-client.ts';
import { systemClock } from '../../../shared/runtime/clock.ts';

it('sends its name, version and the contact of the operator, which weather and grid services demand', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers['user-agent']);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { signal } = new AbortController();
  const transport = { clock: systemClock, timeoutMs: 5_000 };

  await get(transport, { url, signal });
  await get({ ...transport, userAgent: userAgentOf('ops@example.org') }, { url, signal });

  server.close();
  const name = `carbon-extender/${packageJson.version}`;
  expect(seen).toEqual([name, `${name} (ops@example.org)`]);
});

it.each([
  ['{"value":1}', { value: 1 }],
  ['\uFEFF{"value":1}', { value: 1 }],
  ['{"value":1', undefined],
  ['', undefined],
])('reads the body %j as JSON, with a byte order mark or without', async (body, json) => {
  const server = createServer((_, response) => void response.end(body)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const response = await get({ clock: systemClock, timeoutMs: 5_000 }, { url, signal: new AbortController().signal });

  server.close();
  expect(response.json).toEqual(json);
});
