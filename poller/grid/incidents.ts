import type { IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { AlertState } from '../../shared/store/alert-memory.ts';

/** Poll cycles in a row without any sample that make an incident. */
const FAILED_CYCLES = 3;
/** A zone without a fresh value for this long is an incident; a provider that repeats an old value does not end it. */
const NO_DATA_MS = 3 * HOUR_MS;
/** An incident of high intensity ends at this share of the threshold, so that a value that hovers around it is one incident. */
const OVER_BELOW = 0.95;

/** The part of the state of alerts that belongs to incidents. */
export type IncidentState = Omit<AlertState, 'waiting'>;

/** Tracks incidents over poll cycles: one message when one begins and one when it ends, not one per cycle. */
export interface Incidents {
  /** Messages about incidents that this cycle began or ended; usually none. */
  observe(samples: readonly IntensitySample[], now: EpochMs): string[];
  /** The state to continue from after a restart. */
  state(): IncidentState;
  /** Restores the state of an earlier process: incidents that it reported are not reported again. */
  recall(known: IncidentState): void;
}

/** Tracks the incidents of some zones; `alertIntensity` in gCO2eq/kWh. Missing data count from `startedAt` on. */
export function trackIncidents(zones: readonly Zone[], alertIntensity: number, startedAt: EpochMs): Incidents {
  const open = new Map<string, EpochMs>();
  const seenAt = new Map<string, EpochMs>();
  const newest = new Map<string, EpochMs>();
  let failed = 0;
  let hadSamples = false;
  const transition = transitions(open);
  const missing = (zone: Zone, now: EpochMs): string[] => {
    const seen = seenAt.get(zone) ?? startedAt;
    const state = now - seen >= NO_DATA_MS ? 'on' : 'off';
    const text = `No fresh carbon intensity of ${zone} since ${isoTime(seen)}.`;
    return transition(`data ${zone}`, now, state, text, `Recovered: carbon intensity of ${zone} is fresh again`);
  };
  return {
    observe(samples, now) {
      const messages: string[] = [];
      hadSamples ||= samples.length > 0;
      failed = samples.length > 0 ? 0 : failed + 1;
      const state = failed >= FAILED_CYCLES ? 'on' : failed === 0 ? 'off' : 'unchanged';
      const opened = `No grid provider has returned a value for ${failed} poll cycles in a row (${zones.length} zones, ${isoTime(now)}).`;
      messages.push(...transition('rounds', now, state, opened, 'Recovered: grid providers return values again'));
      for (const sample of samples) if (isNewer(sample, newest)) seenAt.set(sample.zone, now);
      for (const zone of zones) messages.push(...missing(zone, now));
      for (const { zone, carbonIntensity, provider, quality } of samples) {
        const state = stateOf(carbonIntensity, alertIntensity);
        const value = `${Math.round(carbonIntensity)} gCO2eq/kWh`;
        const text = `Carbon intensity of ${zone} is ${value}, above ${alertIntensity} (${provider}, ${quality}).`;
        messages.push(
          ...transition(`high ${zone}`, now, state, text, `Recovered: carbon intensity of ${zone} is ${value}`),
        );
      }
      return messages;
    },
    state: () => ({
      open: Object.fromEntries(open),
      // A zone that was never seen counts from the first start, not anew from each.
      seen: Object.fromEntries(zones.map((zone) => [zone, seenAt.get(zone) ?? startedAt])),
      newest: Object.fromEntries(newest),
      failed_rounds: failed,
    }),
    recall(known) {
      // Incidents of zones that are no longer configured end without a message.
      const followed = new Set(['rounds', ...zones.flatMap((zone) => [`data ${zone}`, `high ${zone}`])]);
      for (const [key, since] of Object.entries(known.open))
        if (followed.has(key)) open.set(key, Math.min(since, startedAt));
      for (const [key, datetime] of Object.entries(known.newest))
        newest.set(key, Math.max(datetime, newest.get(key) ?? datetime));
      for (const zone of zones) {
        const seen = Math.min(known.seen[zone] ?? startedAt, startedAt);
        seenAt.set(zone, Math.max(seen, seenAt.get(zone) ?? seen));
      }
      if (!hadSamples) failed += known.failed_rounds;
    },
  };
}

/** Whether a value describes a later time than the provider's last one; a yearly average always counts as new. */
function isNewer({ zone, provider, datetime, quality }: IntensitySample, newest: Map<string, EpochMs>): boolean {
  if (quality === 'yearly-average') return true;
  const key = `${zone} ${provider}`;
  const before = newest.get(key) ?? Number.NEGATIVE_INFINITY;
  newest.set(key, Math.max(before, datetime));
  return datetime > before;
}

/** Opens and closes incidents; returns a message when that changes something. */
function transitions(open: Map<string, EpochMs>) {
  return (key: string, now: EpochMs, state: 'on' | 'off' | 'unchanged', opened: string, closed: string): string[] => {
    const since = open.get(key);
    if (state === 'on' && since === undefined) {
      open.set(key, now);
      return [opened];
    }
    if (state !== 'off' || since === undefined) return [];
    open.delete(key);
    return [`${closed} (after ${span(now - since)})`];
  };
}

function stateOf(carbonIntensity: number, alertIntensity: number): 'on' | 'off' | 'unchanged' {
  if (carbonIntensity > alertIntensity) return 'on';
  return carbonIntensity <= alertIntensity * OVER_BELOW ? 'off' : 'unchanged';
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
