import { meanOf } from '../../shared/emissions/country-intensity.ts';
import type { HourlyIntensity } from '../../shared/grid/intensity.ts';
import { type EpochMs, HOUR_MS, isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';

/** One zone's value of one hour: from the history, or the present one of the cache, a yearly average with its year. */
export interface ZoneHour extends HourlyIntensity {
  readonly origin: 'history' | 'cache';
  readonly year?: number | undefined;
}

/** How values become rows: one for each zone, or the mean of each country's zones. */
export interface IntensityGrouping {
  readonly by: 'country' | 'zone';
  /** Name of a zone's country in the rows. */
  readonly countryOf: (zone: Zone) => string;
}

/** Zones of a country report an hour at different times; a complete hour is preferred to one this much newer. */
const MAX_LAG_MS = 2 * HOUR_MS;

/** A row for each hour of each country or zone, oldest first. */
export function intensityRows(values: readonly ZoneHour[], grouping: IntensityGrouping) {
  return groupsOf(values, grouping)
    .flatMap((group) => [...byHour(group).values()].map((hour) => rowOf(hour, grouping)))
    .sort((a, b) => (a.hour < b.hour ? -1 : a.hour > b.hour ? 1 : 0));
}

/** A row for the latest hour of each country or zone, by country: the newest for which all its zones are known, or the newest of all. */
export function latestIntensityRows(values: readonly ZoneHour[], grouping: IntensityGrouping) {
  return groupsOf(values, grouping)
    .map((group) => rowOf(latestHour(group), grouping))
    .sort((a, b) => (a.country < b.country ? -1 : a.country > b.country ? 1 : 0));
}

/** Values that may be averaged: of one country or zone, and of one signal; the average one where there are both. */
function groupsOf(values: readonly ZoneHour[], { by, countryOf }: IntensityGrouping): ZoneHour[][] {
  const groups = Map.groupBy(values, ({ zone }) => (by === 'zone' ? zone : countryOf(zone)));
  return [...groups.values()].map((group) => {
    const averages = group.filter(({ signal }) => signal === 'average');
    return averages.length > 0 ? averages : group;
  });
}

function byHour(group: readonly ZoneHour[]): Map<EpochMs, ZoneHour[]> {
  return Map.groupBy(group, ({ hour }) => hour);
}

function latestHour(group: readonly ZoneHour[]): ZoneHour[] {
  const hours = byHour(group);
  const all = new Set(group.map(({ zone }) => zone)).size;
  const newest = Math.max(...hours.keys());
  const complete = Math.max(...[...hours].filter(([, values]) => values.length === all).map(([hour]) => hour));
  return hours.get(newest - complete <= MAX_LAG_MS ? complete : newest) ?? [];
}

function rowOf(values: readonly ZoneHour[], { countryOf }: IntensityGrouping) {
  const [first] = values as readonly [ZoneHour];
  const { carbonIntensity, quality, providers } = meanOf(values);
  const country = countryOf(first.zone);
  const years = values.flatMap(({ year }) => (year === undefined ? [] : [year]));
  return {
    country,
    zone: values.length > 1 ? country : first.zone,
    zones: values.map(({ zone }) => zone).sort(),
    basis: values.length > 1 ? ('mean-of-zones' as const) : ('zone' as const),
    hour: isoTime(first.hour),
    value: carbonIntensity,
    unit: 'gCO2eq/kWh' as const,
    quality,
    provider: [...providers].sort().join(', '),
    signal: first.signal,
    origin: values.some(({ origin }) => origin === 'cache') ? ('cache' as const) : ('history' as const),
    ...(years.length > 0 && { year: Math.min(...years) }),
  };
}
