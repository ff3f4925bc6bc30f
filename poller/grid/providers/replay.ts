import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type IntensitySample, intensitySample } from '../../../shared/grid/intensity.ts';
import { parseTrace, replayedIntensity, type Trace } from '../../../shared/grid/trace.ts';
import { type EpochMs, HOUR_MS, hourOf } from '../../../shared/grid/units.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { ConfigError } from '../../../shared/runtime/config.ts';
import { type GridProvider, ProviderError } from '../provider.ts';

const NAME = 'replay';

/** Loads a trace file, gzipped or plain; throws when it is not one. */
export function loadTrace(path: string): Trace {
  const bytes = readFileSync(path);
  try {
    return parseTrace((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw new ConfigError('poller', [`REPLAY_TRACE: ${path}: ${(error as Error).message}`]);
  }
}

/** The past that a forecaster uses, so that a demonstration begins with history and a forecast. */
const PAST_HOURS = 28 * 24;

/** Replays a recorded trace as if it were today's grid, for demonstrations and tests; every value is labelled `simulated`. */
export function replay(trace: Trace, clock: Clock): GridProvider {
  return {
    name: NAME,
    covers: (zone) => trace.zones.has(zone),
    knows: async (zone) => trace.zones.has(zone),
    async latest(zone) {
      const sample = sampleOf(trace, zone, clock.now(), clock.now());
      if (sample !== undefined) return sample;
      const detail = 'the trace has no such zone or hour';
      throw new ProviderError({ provider: NAME, zone, reason: 'not-covered', detail });
    },
    async history(zone) {
      const now = clock.now();
      const hours = Array.from({ length: PAST_HOURS }, (_, ago) => now - (PAST_HOURS - ago) * HOUR_MS);
      return hours.flatMap((at) => sampleOf(trace, zone, at, now) ?? []);
    },
  };
}

function sampleOf(trace: Trace, zone: Zone, at: EpochMs, now: EpochMs): IntensitySample | undefined {
  const carbonIntensity = replayedIntensity(trace, zone, at);
  if (carbonIntensity === undefined) return undefined;
  return intensitySample({
    zone,
    carbonIntensity,
    datetime: hourOf(at),
    fetchedAt: now,
    estimationMethod: 'TRACE_REPLAY',
    provider: NAME,
    quality: 'simulated',
  });
}
