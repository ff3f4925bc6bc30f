import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { providerOf, SUBJECTS, type Subject } from './subjects.ts';

const folder = mkdtempSync(join(tmpdir(), 'json-source-'));
const file = join(folder, 'mine.json');
let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

afterAll(() => rmSync(folder, { recursive: true }));

const live = () => new AbortController().signal;
const PT = zone('PT');

function own(content: unknown) {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const subject = SUBJECTS.find(({ provider }) => provider === 'json') as Subject;
  return providerOf(subject, '', clock, { GRID_JSON_SOURCE: file });
}

describe('jsonSource', () => {
  it('takes plain numbers as values of the present hour', async () => {
    const sample = await own({ PT: 120 }).latest(PT, live());

    expect(sample).toMatchObject({ carbonIntensity: 120, quality: 'measured', signal: 'average' });
    expect(new Date(sample.datetime).toISOString()).toBe('2026-01-15T12:00:00.000Z');
  });

  it('reads the cache file of another poller with its provenance, under names too', async () => {
    const region = {
      carbonIntensity: 42,
      datetime: '2026-01-15T12:00:00.000Z',
      isEstimated: true,
      quality: 'forecast',
    };
    const forecast = [{ datetime: '2026-01-15T13:00:00.000Z', carbonIntensity: 40 }];
    const provider = own({ schema_version: 1, regions: { 'eu-central-1': { ...region, forecast } } });

    const sample = await provider.latest(zone('DE'), live());

    expect(sample).toMatchObject({ zone: 'DE', carbonIntensity: 42, quality: 'forecast' });
    expect(await provider.forecast?.(zone('DE'), live())).toHaveLength(1);
  });

  it.each([
    ['{"PT": 12', 'malformed'],
    ['{"PT": -1}', 'malformed'],
    ['{"PT": 3000.5}', 'malformed'],
    ['{"PT": 1e999}', 'malformed'],
    ['{"PT": null}', 'malformed'],
    ['{"ES": 12}', 'not-covered'],
  ])('fails on %s with %s', async (text, reason) => {
    const error = (await own(text)
      .latest(PT, live())
      .catch((thrown) => thrown)) as ProviderError;

    expect(error.reason).toBe(reason);
  });

  it('keeps the other zones and the other hours when one is damaged', async () => {
    const hour = (of: number, carbonIntensity: unknown) => ({ datetime: `2026-01-15T${of}:00:00`, carbonIntensity });
    const forecast = [hour(13, 100), hour(14, null), hour(15, -1), hour(16, 9_999), hour(17, 90), hour(17, 91)];
    const provider = own({ ES: null, FR: -3, PT: { carbonIntensity: 120, forecast } });

    const sample = await provider.latest(PT, live());
    const ahead = await provider.forecast?.(PT, live());

    expect(sample.carbonIntensity).toBe(120);
    expect(ahead?.map(({ carbonIntensity }) => carbonIntensity)).toEqual([100, 91]);
  });

  it('reports a file that does not exist', async () => {
    const provider = own('{}');
    rmSync(file);

    const error = (await provider.latest(PT, live()).catch((thrown) => thrown)) as ProviderError;

    expect(error.failure).toMatchObject({ reason: 'unavailable', detail: 'the file cannot be read (ENOENT)' });
  });
});
