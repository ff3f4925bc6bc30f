import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { start } from './start-api.ts';

/** Sends with headers that fetch does not allow. */
async function sent(url: string, headers: Record<string, string>, method = 'GET', path = '/api/containers') {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request(url + path, { method, headers }, resolve)
      .on('error', reject)
      .end();
  });
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

describe('Host', () => {
  it.each([
    'localhost',
    'localhost:5001',
    'LOCALHOST.',
    '127.0.0.1:5001',
    '[::1]:5001',
    '10.1.2.3',
    'carbon-extender-api',
    'carbon-extender-api.carbon.svc.cluster.local:5001',
    'carbon.example',
  ])('%s is served', async (host) => {
    await using api = await start(undefined, undefined, undefined, { ALLOWED_HOSTS: 'carbon.example' });

    expect((await sent(api.url, { host })).status).toBe(200);
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:5001', 'carbon.example.evil.example'])(
    '%s is refused: a name that somebody else points at us',
    async (host) => {
      await using api = await start(undefined, undefined, undefined, { ALLOWED_HOSTS: 'carbon.example' });

      const read = await sent(api.url, { host });
      const written = await sent(api.url, { host, 'content-type': 'application/json' }, 'POST', '/readings');

      expect([read.status, written.status]).toEqual([403, 403]);
    },
  );
});

describe('Origin', () => {
  it('of the page itself is served, of others refused', async () => {
    await using api = await start();
    const host = new URL(api.url).host;

    const own = await sent(api.url, { origin: api.url });
    const behindProxy = await sent(api.url, { host, origin: `https://${host}` });
    const foreign = await sent(api.url, { origin: 'https://evil.example' });
    const opaque = await sent(api.url, { origin: 'null' });

    expect([own, behindProxy, foreign, opaque].map(({ status }) => status)).toEqual([200, 200, 403, 403]);
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('of API_CORS_ORIGINS may read, write and look at Link', async () => {
    await using api = await start('s3cret', undefined, undefined, { API_CORS_ORIGINS: 'http://localhost:3000' });
    const origin = 'http://localhost:3000';

    const preflight = await sent(
      api.url,
      { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
      'OPTIONS',
      '/readings',
    );
    const read = await sent(api.url, { origin, authorization: 'Bearer s3cret' });
    const other = await sent(api.url, { origin: 'http://localhost:3001', authorization: 'Bearer s3cret' });

    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': expect.stringContaining('POST'),
      'access-control-allow-headers': expect.stringContaining('Authorization'),
      vary: expect.stringContaining('Origin'),
    });
    expect(read.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': expect.stringContaining('Link'),
    });
    expect([read.status, other.status]).toEqual([200, 403]);
  });
});

describe('every response', () => {
  it.each(['/api/containers', '/health', '/nowhere', '/openapi.json', '/metrics'])(
    'of %s is neither cached nor sniffed',
    async (path) => {
      await using api = await start();

      const { headers } = await sent(api.url, {}, 'GET', path);

      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    },
  );
});
