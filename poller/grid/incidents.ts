import type { IntensitySample } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import type { AlertState } from '../../shared/store/alert-memory.ts';

/** Rounds in a row without any reading that make an incident. */
const FAILED_ROUNDS = 3;
/** A zone without a fresh reading for this long is an incident; a provider that repeats the value of one hour gives none. */
const NO_DATA_MS = 3 * HOUR_MS;
/** An intensity has to fall this far below the threshold to be over: one that hovers around it is one incident. */
const OVER_BELOW = 0.95;

/** The part of the state of alerts that incidents are told from. */
export type IncidentState = Omit<AlertState, 'waiting'>;

/** Follows rounds and tells what begins and what is over: one message per incident, not per round. */
export interface Incidents {
  /** Messages that this round gives cause for; usually none. */
  observe(readings: readonly IntensitySample[], now: EpochMs): string[];
  /** What has to be known to go on from here. */
  state(): IncidentState;
  /** Takes over what an earlier process knew: incidents that it told are not told again. */
  recall(known: IncidentState): void;
}

/** Incidents of some zones; `alertIntensity` in gCO2eq/kWh. Nothing is an incident before its time after `startedAt`. */
export function followIncidents(zones: readonly Zone[], alertIntensity: number, startedAt: EpochMs): Incidents {
  const open = new Map<string, EpochMs>();
  const seenAt = new Map<string, EpochMs>();
  const newest = new Map<string, EpochMs>();
  let failed = 0;
  let answered = false;
  const turn = turns(open);
  const missing = (zone: Zone, now: EpochMs): string[] => {
    const seen = seenAt.get(zone) ?? startedAt;
    const state = now - seen >= NO_DATA_MS ? 'on' : 'off';
    const text = `No fresh carbon intensity of ${zone} since ${isoTime(seen)}.`;
    return turn(`data ${zone}`, now, state, text, `Recovered: carbon intensity of ${zone} is fresh again`);
  };
  return {
    observe(readings, now) {
      const messages: string[] = [];
      answered ||= readings.length > 0;
      failed = readings.length > 0 ? 0 : failed + 1;
      const rounds = failed >= FAILED_ROUNDS ? 'on' : failed === 0 ? 'off' : 'as before';
      const begun = `No grid provider has answered for ${failed} rounds in a row (${zones.length} zones, ${isoTime(now)}).`;
      messages.push(...turn('rounds', now, rounds, begun, 'Recovered: grid providers answer again'));
      for (const reading of readings) if (isNews(reading, newest)) seenAt.set(reading.zone, now);
      for (const zone of zones) messages.push(...missing(zone, now));
      for (const { zone, carbonIntensity, provider, quality } of readings) {
        const state = stateOf(carbonIntensity, alertIntensity);
        const value = `${Math.round(carbonIntensity)} gCO2eq/kWh`;
        const text = `Carbon intensity of ${zone} is ${value}, above ${alertIntensity} (${provider}, ${quality}).`;
        messages.push(...turn(`high ${zone}`, now, state, text, `Recovered: carbon intensity of ${zone} is ${value}`));
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
      // Zones that nobody follows any more are over without a word.
      const followed = new Set(['rounds', ...zones.flatMap((zone) => [`data ${zone}`, `high ${zone}`])]);
      for (const [key, since] of Object.entries(known.open))
        if (followed.has(key)) open.set(key, Math.min(since, startedAt));
      for (const [key, datetime] of Object.entries(known.newest))
        newest.set(key, Math.max(datetime, newest.get(key) ?? datetime));
      for (const zone of zones) {
        const seen = Math.min(known.seen[zone] ?? startedAt, startedAt);
        seenAt.set(zone, Math.max(seen, seenAt.get(zone) ?? seen));
      }
      if (!answered) failed += known.failed_rounds;
    },
  };
}

/** Whether a provider tells of a later time than before; a yearly average is as new as it gets. */
function isNews({ zone, provider, datetime, quality }: IntensitySample, newest: Map<string, EpochMs>): boolean {
  if (quality === 'yearly-average') return true;
  const key = `${zone} ${provider}`;
  const before = newest.get(key) ?? Number.NEGATIVE_INFINITY;
  newest.set(key, Math.max(before, datetime));
  return datetime > before;
}

/** Opens and closes incidents; a message when that changes something. */
function turns(open: Map<string, EpochMs>) {
  return (key: string, now: EpochMs, state: 'on' | 'off' | 'as before', begun: string, over: string): string[] => {
    const since = open.get(key);
    if (state === 'on' && since === undefined) {
      open.set(key, now);
      return [begun];
    }
    if (state !== 'off' || since === undefined) return [];
    open.delete(key);
    return [`${over} (after ${span(now - since)})`];
  };
}

function stateOf(carbonIntensity: number, alertIntensity: number): 'on' | 'off' | 'as before' {
  if (carbonIntensity > alertIntensity) return 'on';
  return carbonIntensity <= alertIntensity * OVER_BELOW ? 'off' : 'as before';
}

function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
