// Flow: what only one provider does, beyond the contract suite.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import type { GridService } from '../../../doubles/grid-service.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { providerOf, SUBJECTS, type Subject } from './subjects.ts';

let clock: FakeClock;
let double: GridService | undefined;

beforeEach(() => {
  clock = new FakeClock('2026-01-15T12:12:00Z');
});

afterEach(async () => {
  await double?.[Symbol.asyncDispose]();
  double = undefined;
});

const live = () => new AbortController().signal;
const iso = (time: number) => new Date(time).toISOString();

async function start(title: string, values: Record<string, number>, more = {}) {
  const subject = SUBJECTS.find((known) => known.title === title) as Subject;
  double = await subject.start(values);
  double.now = () => clock.now();
  return { double, provider: providerOf(subject, double.url, clock, more) };
}

describe('ukCarbonIntensity', () => {
  it('asks once for all regions, and tells their mix', async () => {
    const { double, provider } = await start('UK Carbon Intensity, region', { '13': 97, '2': 12 });

    const [london, scotland] = await Promise.all(['GB-13', 'GB-2'].map((code) => provider.latest(zone(code), live())));

    expect([london?.carbonIntensity, scotland?.carbonIntensity]).toEqual([97, 12]);
    expect(london?.energyMix).toEqual({ wind: 70, gas: 20.5, other: 9.5 });
    expect(double.requests.map(({ path }) => path)).toEqual(['/regional']);
  });

  it('takes 0 with an empty mix for no data', async () => {
    const { double, provider } = await start('UK Carbon Intensity, region', { '13': 97 });
    double.faults.set('13', 'null-value');

    const error = (await provider.latest(zone('GB-13'), live()).catch((thrown) => thrown)) as ProviderError;

    expect(error.failure.reason).toBe('no-data');
  });

  it('covers the nation and its seventeen regions', async () => {
    const { provider } = await start('UK Carbon Intensity, nation', { GB: 186 });

    const covered = ['GB', 'GB-1', 'GB-17', 'GB-18', 'GB-0', 'GB-NIR', 'FR'].filter((code) =>
      provider.covers(zone(code)),
    );

    expect(covered).toEqual(['GB', 'GB-1', 'GB-17']);
  });

  it('makes hours of half hours, ahead and back', async () => {
    const { provider } = await start('UK Carbon Intensity, nation', { GB: 186 });

    const ahead = (await provider.forecast?.(zone('GB'), live())) ?? [];
    const back = (await provider.history?.(zone('GB'), live())) ?? [];

    expect([ahead.length, iso(ahead[0]?.datetime ?? 0)]).toEqual([48, '2026-01-15T12:00:00.000Z']);
    expect([back.length, iso(back[0]?.datetime ?? 0)]).toEqual([24, '2026-01-14T12:00:00.000Z']);
  });
});

describe('energyCharts', () => {
  it('takes the newest quarter hour that has a value, and forecasts the rest of the day', async () => {
    const { provider } = await start('Energy-Charts', { de: 497.5 });

    const sample = await provider.latest(zone('DE'), live());
    const ahead = (await provider.forecast?.(zone('DE'), live())) ?? [];

    expect([iso(sample.datetime), sample.quality]).toEqual(['2026-01-15T11:45:00.000Z', 'measured']);
    expect([iso(ahead[0]?.datetime ?? 0), iso(ahead.at(-1)?.datetime ?? 0)]).toEqual([
      '2026-01-15T12:00:00.000Z',
      '2026-01-15T23:00:00.000Z',
    ]);
  });

  it('does not take a country for one of its bidding zones', async () => {
    const { provider } = await start('Energy-Charts', { it: 250 });

    expect([provider.covers(zone('IT')), provider.covers(zone('IT-NO'))]).toEqual([true, false]);
  });
});

describe('energinet', () => {
  it('serves both areas, latest and past, with one request every few minutes', async () => {
    const { double, provider } = await start('Energinet', { DK1: 88 });

    const west = await provider.latest(zone('DK-DK1'), live());
    const east = await provider.latest(zone('DK-DK2'), live());
    const past = await provider.history?.(zone('DK-DK2'), live());
    await clock.advance(4 * 60_000);
    await provider.latest(zone('DK-DK1'), live());

    expect([west.carbonIntensity, east.carbonIntensity, past?.length]).toEqual([88, 61, 25]);
    expect(double.requests).toHaveLength(2);
  });

  it('reads its times as UTC', async () => {
    const { provider } = await start('Energinet', { DK1: 88 });

    const sample = await provider.latest(zone('DK-DK1'), live());

    expect(iso(sample.datetime)).toBe('2026-01-15T12:10:00.000Z');
  });
});

describe('eia', () => {
  it('computes from fuels, leaves storage out, and skips the hour that lacks a fuel', async () => {
    const { provider } = await start('EIA', { ERCO: 415.5 });

    const sample = await provider.latest(zone('US-TEX-ERCO'), live());

    expect(sample).toMatchObject({ carbonIntensity: 415.5, estimationMethod: 'EIA_930_FUEL_MIX_IPCC_AR5' });
    expect(sample.energyMix).toEqual({ coal: 50, wind: 50 });
    // Two hours late and one incomplete; stamps are the ends of hours.
    expect(iso(sample.datetime)).toBe('2026-01-15T09:00:00.000Z');
  });
});

describe('carbonAwareSdk', () => {
  it('labels what the user says that its source measures', async () => {
    const { provider } = await start(
      'Carbon Aware SDK',
      { swedencentral: 31 },
      { CARBON_AWARE_SDK_SIGNAL: 'marginal' },
    );

    const sample = await provider.latest(zone('SE'), live());

    expect(sample).toMatchObject({ signal: 'marginal', emissionFactorType: 'direct' });
  });
});

describe('jsonSource', () => {
  const folder = mkdtempSync(join(tmpdir(), 'json-source-'));
  const file = join(folder, 'mine.json');
  const own = (text: string) => {
    writeFileSync(file, text);
    const subject = SUBJECTS.find(({ provider }) => provider === 'json') as Subject;
    return providerOf(subject, '', clock, { GRID_JSON_SOURCE: file });
  };
  afterEach(() => rmSync(file, { force: true }));

  it('takes plain numbers as what the user says of now', async () => {
    const sample = await own('{"PT": 120}').latest(zone('PT'), live());

    expect(sample).toMatchObject({ carbonIntensity: 120, quality: 'measured', signal: 'average' });
    expect(iso(sample.datetime)).toBe('2026-01-15T12:00:00.000Z');
  });

  it('reads the cache file of another poller with its provenance', async () => {
    const region = {
      carbonIntensity: 42,
      datetime: '2026-01-15T12:00:00.000Z',
      isEstimated: true,
      quality: 'forecast',
    };
    const forecast = [{ datetime: '2026-01-15T13:00:00.000Z', carbonIntensity: 40 }];
    const provider = own(JSON.stringify({ schema_version: 1, regions: { PT: { ...region, forecast } } }));

    const sample = await provider.latest(zone('PT'), live());

    expect(sample).toMatchObject({ carbonIntensity: 42, quality: 'forecast' });
    expect(await provider.forecast?.(zone('PT'), live())).toHaveLength(1);
  });

  it.each([
    ['{"PT": 12', 'malformed'],
    ['{"PT": -1}', 'malformed'],
    ['{"ES": 12}', 'not-covered'],
  ])('takes %s for %s', async (text, fault) => {
    const error = (await own(text)
      .latest(zone('PT'), live())
      .catch((thrown) => thrown)) as ProviderError;

    expect(error.failure.reason).toBe(fault);
  });

  it('tells a file that is not there', async () => {
    const provider = own('{}');
    rmSync(file);

    const error = (await provider.latest(zone('PT'), live()).catch((thrown) => thrown)) as ProviderError;

    expect(error.failure).toMatchObject({ reason: 'unavailable', detail: 'the file cannot be read (ENOENT)' });
  });
});
