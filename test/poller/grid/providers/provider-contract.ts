import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../poller/grid/provider.ts';
import { HOUR_MS } from '../../../../shared/grid/units.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import { FAULTS, type GridService } from '../../../doubles/grid-service.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { faultsOf, providerOf, type Subject } from './subjects.ts';

const TEN_PAST_NOON = Date.parse('2026-01-15T12:10:00Z');
const live = () => new AbortController().signal;

/** What every provider must do, whichever service is behind it; run against its double over HTTP. */
export function itKeepsTheProviderContract(subject: Subject): void {
  const place = zone(subject.zone);
  let double: GridService;
  let clock: FakeClock;
  const make = (more = {}) => providerOf(subject, double.url, clock, more);
  const failureOf = async (answer: Promise<unknown>) => {
    const error = await answer.then(
      () => 'an answer',
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ProviderError);
    return (error as ProviderError).failure;
  };

  beforeAll(async () => {
    double = await subject.start({ [subject.place]: subject.value });
  });
  beforeEach(() => {
    // Later each time: some doubles count requests by minute, as their services do.
    clock = new FakeClock(TEN_PAST_NOON + double.requests.length * 2 * HOUR_MS);
    double.now = () => clock.now();
    double.faults.clear();
  });
  afterAll(() => double[Symbol.asyncDispose]());

  describe(`${subject.title} as a provider`, () => {
    it('tells the value of now with its provenance', async () => {
      const sample = await make().latest(place, live());

      expect(sample.carbonIntensity).toBeCloseTo(subject.told ?? subject.value, 1);
      expect(sample).toMatchObject({
        zone: subject.zone,
        provider: subject.provider,
        signal: subject.signal,
        quality: subject.quality,
        fetchedAt: clock.now(),
        isEstimated: subject.quality !== 'measured',
      });
      expect(sample.datetime % (subject.stepMinutes * 60_000)).toBe(0);
      expect(sample.datetime).toBeLessThanOrEqual(clock.now());
      expect(sample.datetime).toBeGreaterThan(clock.now() - 5 * HOUR_MS);
    });

    it('covers its zone, and gives no value for one that does not exist', async () => {
      const provider = make();
      const nowhere = zone('ZZ-NOWHERE');

      expect(provider.covers(place)).toBe(true);
      if (provider.covers(nowhere))
        expect((await failureOf(provider.latest(nowhere, live()))).reason).toMatch(/not-covered|malformed/);
    });

    it('forecasts whole hours, oldest first, where it forecasts', async () => {
      const points =
        (await make()
          .forecast?.(place, live())
          .catch((error) => expectNotCovered(error))) ?? [];

      const hours = points.map(({ datetime }) => datetime);
      expect(hours).toEqual([...new Set(hours)].sort((a, b) => a - b));
      expect(hours.filter((hour) => hour % HOUR_MS !== 0)).toEqual([]);
      if (points.length > 0) expect(hours.at(-1)).toBeGreaterThan(clock.now() + HOUR_MS);
    });

    it('looks past hours up, oldest first, where it has them', async () => {
      const past = (await make().history?.(place, live())) ?? [];

      const hours = past.map(({ datetime }) => datetime);
      expect(hours).toEqual([...new Set(hours)].sort((a, b) => a - b));
      expect(past.filter((row) => row.zone !== subject.zone || row.provider !== subject.provider)).toEqual([]);
      expect(hours.filter((hour) => hour % HOUR_MS !== 0 || hour > clock.now())).toEqual([]);
    });

    it.each(faultsOf(subject).filter((fault) => fault !== 'stale' && fault !== 'future'))(
      'rejects with facts and gives no value on %s',
      async (fault) => {
        double.faults.set('*', fault);

        const failure = await failureOf(make().latest(place, live()));

        expect(failure).toMatchObject({ provider: subject.provider, zone: subject.zone });
        expect(failure.detail).not.toBe('');
      },
    );

    it('never quotes a secret, even when the service does', async () => {
      const details: string[] = [];

      for (const fault of FAULTS) {
        double.faults.set('*', fault);
        const error = (await make()
          .latest(place, live())
          .catch((thrown) => thrown)) as Error;
        details.push(`${error.message} ${error.stack} ${JSON.stringify((error as ProviderError).failure ?? {})}`);
        await clock.advance(2 * HOUR_MS);
      }

      expect(details).toHaveLength(FAULTS.length);
      for (const secret of subject.secrets) expect(details.join('\n')).not.toContain(secret);
    });

    it.each(['too-many-seconds', 'too-many-date'] as const)(
      'leaves the service alone as long as it asks (%s)',
      async (fault) => {
        const provider = make();
        double.faults.set('*', fault);
        await failureOf(provider.latest(place, live()));
        double.faults.clear();
        const before = double.requests.length;

        await clock.advance(110_000);
        const early = await failureOf(provider.latest(place, live()));
        const asked = double.requests.length - before;
        await clock.advance(11_000);
        const sample = await provider.latest(place, live());

        expect([early.reason, asked]).toEqual(['rate-limited', 0]);
        expect(sample.zone).toBe(subject.zone);
      },
    );

    it('sends no more than its budget allows in an hour', async () => {
      const provider = make({ [subject.budget]: '3' });
      const before = double.requests.length;

      let faults: string[] = [];
      for (let minute = 0; minute < 58; minute += 2) {
        await provider.latest(place, live()).catch((error: ProviderError) => faults.push(error.failure.reason));
        await clock.advance(2 * 60_000);
      }

      faults = [...new Set(faults)];
      expect(double.requests.length - before).toBeLessThanOrEqual(3);
      expect(faults).toEqual(['rate-limited']);
    });

    it('asks a service that is down only now and then, and takes it up again by itself', async () => {
      const provider = make();
      double.faults.set('*', 'error-500');
      const before = double.requests.length;

      for (let second = 0; second < 600; second += 10) {
        await failureOf(provider.latest(place, live()));
        await clock.advance(10_000);
      }
      const whileDown = double.requests.length - before;
      double.faults.clear();
      await clock.advance(10 * 60_000);
      const sample = await provider.latest(place, live());

      // Five failures open the circuit; then probes after 30 s, 60 s, 120 s, 240 s; a log-in may come on top.
      expect(whileDown).toBeLessThanOrEqual(12);
      expect(sample.zone).toBe(subject.zone);
    });

    it('stops at once when it is told to', async () => {
      double.faults.set('*', 'slow');
      const stop = new AbortController();
      const answer = failureOf(make({ GRID_TIMEOUT_SECONDS: '60' }).latest(place, stop.signal));

      stop.abort();

      expect((await answer).reason).toBe('unavailable');
    });
  });
}

function expectNotCovered(error: ProviderError): [] {
  expect(error.failure.reason).toBe('not-covered');
  return [];
}
