import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderError } from '../../../../poller/grid/provider.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { type ElectricityMapsDouble, startElectricityMaps } from '../../../doubles/electricity-maps.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { providerOf, SUBJECTS } from './subjects.ts';

const [subject] = SUBJECTS;
if (!subject) throw new Error('no subject');

let double: ElectricityMapsDouble;
let clock: FakeClock;

beforeAll(async () => {
  double = await startElectricityMaps({ FR: 42, DE: 300 });
});

beforeEach(() => {
  clock = new FakeClock('2026-01-01T12:34:00Z');
  double.now = () => clock.now();
  double.faults.clear();
  double.requests.length = 0;
  double.access = ['*'];
  double.isProductionOnly = false;
  double.stepMinutes = 60;
});

afterAll(() => double[Symbol.asyncDispose]());

const live = () => new AbortController().signal;
const FR = zone('FR');
const DE = zone('DE');
const make = (more = {}) => providerOf(subject, double.url, clock, more);
const faultOf = (answer: Promise<unknown>) =>
  answer.then(
    () => 'none',
    (error: ProviderError) => error.failure.reason,
  );

describe('electricityMaps', () => {
  it('reads the value of the hour with its provenance', async () => {
    const sample = await make().latest(FR, live());

    expect(new Date(sample.datetime).toISOString()).toBe('2026-01-01T12:00:00.000Z');
    expect(sample).toMatchObject({ emissionFactorType: 'lifecycle', estimationMethod: 'TIME_SLICER_AVERAGE' });
    expect(sample.updatedAt).toBeLessThan(sample.datetime);
  });

  it('asks under the version and the path of the base address, and forbids the look-up of the caller', async () => {
    await make({ ELECTRICITY_MAPS_URL: `${double.url}/` }).latest(FR, live());

    expect(double.requests.map(({ path }) => path)).toEqual([
      '/v4/carbon-intensity/latest?zone=FR&disableCallerLookup=true',
    ]);
  });

  it.each([
    ['bad-key', 'auth'],
    ['not-in-plan', 'not-covered'],
    ['over-rate', 'rate-limited'],
    ['forbidden-html', 'auth'],
    ['not-found', 'no-data'],
    ['error-in-200', 'no-data'],
    ['wrong-zone', 'malformed'],
  ] as const)('takes %s for %s', async (behaviour, fault) => {
    double.faults.set('DE', behaviour);

    expect(await faultOf(make().latest(DE, live()))).toBe(fault);
  });

  it('leaves hours without a value out of history and forecast', async () => {
    double.faults.set('DE', 'null-value');

    expect(await make().history?.(DE, live())).toEqual([]);
    expect(await make().forecast?.(DE, live())).toEqual([]);
  });

  it('tells measured hours of the past from estimated ones', async () => {
    const past = (await make().history?.(FR, live())) ?? [];

    expect(past).toHaveLength(24);
    expect(new Set(past.map(({ quality }) => quality))).toEqual(new Set(['measured']));
  });

  it('asks for the longest forecast that there is', async () => {
    const ahead = (await make().forecast?.(FR, live())) ?? [];

    expect(ahead).toHaveLength(73);
  });

  it('takes a forecast of quarter hours as means of hours: a plan knows hours only', async () => {
    const valueAt = double.valueAt;
    double.stepMinutes = 15;
    double.valueAt = (_place, time) => 100 + new Date(time).getUTCMinutes();

    const ahead = (await make().forecast?.(FR, live())) ?? [];
    double.valueAt = valueAt;

    expect(ahead).toHaveLength(73);
    expect(ahead[0]).toEqual({ datetime: Date.parse('2026-01-01T12:00:00Z'), carbonIntensity: 122.5 });
    expect(ahead[1]?.datetime).toBe(Date.parse('2026-01-01T13:00:00Z'));
  });

  it.each([
    ['null', null],
    ['negative', -5],
    ['absurd', 5_935],
    ['a text', '42'],
  ])('leaves one %s hour out of the history and keeps the others', async (_, value) => {
    double.valueAt = (_place, time) => (new Date(time).getUTCHours() === 3 ? (value as number) : 42);

    const past = (await make().history?.(FR, live())) ?? [];

    double.valueAt = (place) => double.values.get(place);
    expect(past).toHaveLength(23);
    expect(new Set(past.map(({ carbonIntensity }) => carbonIntensity))).toEqual(new Set([42]));
  });

  it('refuses an absurd value of the hour', async () => {
    double.valueAt = () => 3_001;

    const reason = await faultOf(make().latest(FR, live()));

    double.valueAt = (place) => double.values.get(place);
    expect(reason).toBe('malformed');
  });

  it('makes the energy mix of consumption, in percent', async () => {
    const told = await make().energyMix?.(FR, live());

    expect(told?.mix).toEqual({ nuclear: 40, other: 10, coal: 10, wind: 25, solar: 0, hydro: 10, gas: 5 });
  });

  it('makes the energy mix of production where consumption is not reported', async () => {
    double.isProductionOnly = true;

    const read = await make().energyMix?.(FR, live());

    // Of 15,600 MW in all.
    expect(read?.mix).toEqual({
      ...{ solar: 5, wind: 7.98, hydro: 2.88, nuclear: 11.86 },
      ...{ coal: 33.85, gas: 36.47, oil: 0.77, other: 1.19 },
    });
  });

  describe('once it has learned what the key may ask for', () => {
    it('covers only zones of the plan', async () => {
      const provider = make();

      await provider.prepare?.(live());

      expect([provider.covers(FR), provider.covers(zone('PL'))]).toEqual([true, false]);
    });

    it('does not ask for what the plan lacks', async () => {
      double.access = ['carbon-intensity/latest'];
      const provider = make();
      await provider.prepare?.(live());

      const fault = provider.forecast && (await faultOf(provider.forecast(FR, live())));

      expect(fault).toBe('not-covered');
      expect(double.requests.map(({ path }) => path)).toEqual(['/v4/zones']);
    });

    it('asks for the catalogue once a day, and an hour later after a failure', async () => {
      const provider = make();
      double.now = () => clock.now();
      const learn = () => provider.prepare?.(live())?.catch(() => undefined);

      for (let hour = 0; hour < 48; hour++) {
        await learn();
        await clock.advance(3_600_000);
      }

      expect(double.requests.map(({ path }) => path)).toEqual(['/v4/zones', '/v4/zones']);
    });

    it('reads the catalogue again before the next poll cycle when a response contradicts it', async () => {
      const provider = make();
      await provider.prepare?.(live());
      double.faults.set('DE', 'not-in-plan');
      await faultOf(provider.latest(DE, live()));
      double.values.set('PL', 600);

      await provider.prepare?.(live());

      double.values.delete('PL');
      expect(double.requests.filter(({ path }) => path === '/v4/zones')).toHaveLength(2);
      expect(provider.covers(zone('PL'))).toBe(true);
    });

    it('learns nothing from a catalogue without access, as v3 has it', async () => {
      double.access = undefined;
      const provider = make();

      await provider.prepare?.(live());

      expect(provider.covers(zone('PL'))).toBe(true);
    });
  });
});
