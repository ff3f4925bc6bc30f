import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RedisServer, redisAvailable, startRedis } from '../../servers/redis.ts';
import { type ReadingsApiServer, send, startReadingsApi } from '../readings-api-server.ts';

const BACKENDS = [
  { name: 'the embedded store', redis: false },
  { name: 'Redis', redis: true },
];

function reading(number: number, changes: object = {}) {
  const timestamp = new Date(Date.now() - 60_000 + number).toISOString();
  return { site_id: 'depot-3', device_id: `rack-${number}`, power_reading: 250.5, timestamp, ...changes };
}

for (const backend of BACKENDS) {
  describe.skipIf(backend.redis && !redisAvailable())(`POST /readings with ${backend.name}`, () => {
    let folder: string;
    let redis: RedisServer | undefined;
    let api: ReadingsApiServer;
    let url: string;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'readings-api-'));
      redis = backend.redis ? await startRedis() : undefined;
      api = await startReadingsApi({ DATA_DIR: folder, ...(redis && { REDIS_URL: redis.url }) });
      url = `${api.url}/readings`;
    });

    afterEach(async () => {
      await api[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    it('accepts one reading with 201, its number and the message', async () => {
      const answer = await send(url, reading(1));

      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        status: 'success',
        stream_id: expect.stringMatching(/^\d{13}-\d+$/),
        message: 'Reading successfully ingested',
      });
    });

    it('names every fault of a reading', async () => {
      const answer = await send(url, { site_id: '', device_id: 7, power_reading: '12', timestamp: 'now', unit: 'W' });

      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toMatch('application/problem+json');
      expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
        '/device_id',
        '/power_reading',
        '/site_id',
        '/timestamp',
      ]);
    });

    it.each([
      ['power that is not finite', JSON.stringify(reading(1)).replace('250.5', '1e999'), 400],
      ['power below 0', JSON.stringify(reading(1, { power_reading: -1 })), 400],
      ['power above a gigawatt', JSON.stringify(reading(1, { power_reading: 1e9 + 1 })), 400],
      ['a day that does not exist', JSON.stringify(reading(1, { timestamp: '2026-02-30T12:00:00Z' })), 400],
      [
        'a time far ahead',
        JSON.stringify(reading(1, { timestamp: new Date(Date.now() + 400_000).toISOString() })),
        409,
      ],
      ['an id that begins with a blank', JSON.stringify(reading(1, { site_id: ' a' })), 400],
      ['an id with a line break', JSON.stringify(reading(1, { site_id: 'a\nb' })), 400],
      ['an id with half a surrogate pair', JSON.stringify(reading(1, { site_id: 'a\ud800b' })), 400],
      ['an id that is too long', JSON.stringify(reading(1, { device_id: 'd'.repeat(129) })), 400],
      ['broken JSON', '{"site_id":', 400],
      ['a bare number', '7', 400],
      ['an empty batch', '[]', 400],
      ['a giant body', JSON.stringify(reading(1, { device_id: 'x'.repeat(9_000_000) })), 413],
      ['a giant batch', JSON.stringify(Array.from({ length: 10_001 }, () => 0)), 413],
    ])('refuses %s', async (_, body, status) => {
      const answer = await send(url, body);

      expect(answer.status).toBe(status);
      expect(answer.body.detail).toBeTruthy();
    });

    it.each([
      ['a time without zone', { timestamp: '2026-01-01T12:00:00' }],
      ['a time long ago', { timestamp: '2016-01-01T00:00:00Z' }],
      ['names with blanks and letters of any script', { site_id: 'Hall 7, Zürich/电', device_id: 'meter #4 (new)' }],
      ['fields that it does not know', { unit: 'W', note: null }],
    ])('accepts %s', async (_, over) => {
      const { status } = await send(url, reading(1, over));

      expect(status).toBe(201);
    });

    it.each([
      ['null', 'null', { pointer: '', detail: 'is not an object with site_id, device_id, power_reading, timestamp' }],
      [
        'text',
        '"site_id"',
        { pointer: '', detail: 'is not an object with site_id, device_id, power_reading, timestamp' },
      ],
      [
        'an unnamed site',
        JSON.stringify(reading(1, { site_id: undefined })),
        { pointer: '/site_id', detail: 'is missing' },
      ],
    ])('says what is wrong with %s', async (_, body, fault) => {
      expect((await send(url, body)).body.errors).toEqual([fault]);
    });

    it('says how large a body may be', async () => {
      const { body } = await send(url, `"${'x'.repeat(8_400_000)}"`);

      expect(body).toMatchObject({ code: 'BODY_TOO_LARGE', detail: expect.stringContaining('8388608 bytes') });
    });

    it('refuses other types of content', async () => {
      expect((await send(url, 'site_id=a', { type: 'application/x-www-form-urlencoded' })).status).toBe(415);
      expect((await send(url, '<a/>', { type: 'text/xml' })).status).toBe(415);
    });

    it('returns the outcome of every item of an array', async () => {
      const answer = await send(url, [reading(1), reading(2, { power_reading: null }), reading(3), 'what']);

      expect(answer.status).toBe(207);
      expect(answer.body).toMatchObject({ status: 'partial', accepted: 2, failed: 2 });
      expect(answer.body.items.map((item: { status: number }) => item.status)).toEqual([201, 400, 201, 400]);
      expect(answer.body.items[1]?.errors).toEqual([
        { pointer: '/power_reading', detail: 'is not a finite number of watts' },
      ]);
    });

    it('takes NDJSON line by line, a torn last line included', async () => {
      const text = `${JSON.stringify(reading(1))}\n\n${JSON.stringify(reading(2))}\n{"site_id":"dep`;

      const answer = await send(url, text, { type: 'application/x-ndjson' });

      expect(answer.body.items).toEqual([
        { index: 0, status: 201, stream_id: expect.any(String) },
        { index: 1, status: 201, stream_id: expect.any(String) },
        { index: 2, status: 400, errors: [{ pointer: '', detail: 'is not valid JSON' }] },
      ]);
    });

    it('answers a whole batch with 201 and a wholly faulty one with 400', async () => {
      const good = await send(url, [reading(1), reading(2)]);
      const bad = await send(url, [{}, {}]);

      expect([good.status, good.body.status]).toEqual([201, 'success']);
      expect([bad.status, bad.body.accepted, bad.body.items.length]).toEqual([400, 0, 2]);
      expect(bad.headers.get('content-type')).toMatch('application/problem+json');
    });

    it('gives a repetition under the same Idempotency-Key the first answer', async () => {
      const headers = { 'idempotency-key': 'meter-4711/1' };
      const batch = [reading(1), reading(2, { power_reading: 'x' }), reading(3)];

      const first = await send(url, batch, { headers });
      const again = await send(url, batch, { headers });
      const other = await send(url, batch, { headers: { 'idempotency-key': 'meter-4711/2' } });

      expect(again.body).toEqual(first.body);
      expect(other.body.items[0]?.stream_id).not.toBe(first.body.items[0]?.stream_id);
    });

    it('refuses an Idempotency-Key with another body, and one that is no key', async () => {
      const headers = { 'idempotency-key': 'k' };
      await send(url, reading(1), { headers });

      const changed = await send(url, reading(2), { headers });
      const empty = await send(url, reading(2), { headers: { 'idempotency-key': 'a b' } });

      expect(changed.status).toBe(409);
      expect(empty.status).toBe(400);
    });

    it('names an invalid Idempotency-Key and every issue of the readings at once', async () => {
      const headers = { 'idempotency-key': 'a b' };
      const key = { pointer: '/Idempotency-Key', detail: 'is not 1 to 255 visible ASCII characters' };
      const power = 'is below 0 W';

      const alone = await send(url, reading(1), { headers });
      const single = await send(url, reading(1, { power_reading: -1 }), { headers });
      const batch = await send(url, [reading(1), reading(2, { power_reading: -1 })], { headers });

      expect(alone.body).toMatchObject({ errors: [key], code: 'REQUEST_INVALID' });
      expect(single.body.errors).toEqual([key, { pointer: '/power_reading', detail: power }]);
      expect(batch.body.code).toBe('REQUEST_INVALID');
      expect(batch.body.errors).toEqual([key, { pointer: '/1/power_reading', detail: power }]);
    });

    it('keeps one answer when the same key arrives many times at once', async () => {
      const headers = { 'idempotency-key': 'storm' };
      const body = reading(1);

      const answers = await Promise.all(Array.from({ length: 20 }, () => send(url, body, { headers })));

      expect(new Set(answers.map((answer) => answer.body.stream_id)).size).toBe(1);
    });

    it('says on /health how readings are taken', async () => {
      const health = await fetch(`${api.url}/health`).then((response) => response.json());

      expect((health as { readings: object }).readings).toMatchObject({
        backend: backend.redis ? 'redis' : 'store',
        status: 'ok',
      });
    });

    it('counts outcomes', async () => {
      await send(url, [reading(1), reading(2), {}]);

      const metrics = await fetch(`${api.url}/metrics`).then((response) => response.text());

      expect(metrics).toContain('carbon_extender_readings_total{outcome="accepted"} 2');
      expect(metrics).toContain('carbon_extender_readings_total{outcome="refused"} 1');
      expect(metrics).toContain('route="/readings",status="207"');
    });
  });
}
