import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Clock } from '../../shared/runtime/clock.ts';
import { parseTrace, replayedIntensity, type Trace } from '../../shared/trace.ts';
import { hourOf } from '../../shared/units.ts';
import { type GridProvider, NO_REVISIONS, ProviderError } from './provider.ts';

const NAME = 'replay';

/** Loads a trace file, gzipped or plain; throws when it is not one. */
export function loadTrace(path: string): Trace {
  const bytes = readFileSync(path);
  return parseTrace((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

/** Plays a recorded trace as if it were today's grid, for demonstrations and tests; every value says `simulated`. */
export function replay(trace: Trace, clock: Clock): GridProvider {
  return {
    name: NAME,
    covers: (zone) => trace.zones.has(zone),
    async latest(zone) {
      const now = clock.now();
      const carbonIntensity = replayedIntensity(trace, zone, now);
      if (carbonIntensity === undefined)
        throw new ProviderError({
          provider: NAME,
          zone,
          fault: 'not-covered',
          detail: 'the trace has no such zone or hour',
        });
      return {
        zone,
        carbonIntensity,
        datetime: hourOf(now),
        fetchedAt: now,
        ...NO_REVISIONS,
        emissionFactorType: 'lifecycle',
        isEstimated: true,
        estimationMethod: 'TRACE_REPLAY',
        provider: NAME,
        signal: 'average',
        quality: 'simulated',
      };
    },
  };
}
