import { writeFileSync } from 'node:fs';
import { type Climatology, climatologyOf, solarOffsetMs } from '../../../shared/forecast/climatology.ts';
import type { HourlySeries } from '../../../shared/forecast/series.ts';
import { placeOfZone } from '../../../shared/grid/zone-places.ts';
import type { Zone } from '../../../shared/grid/zones.ts';
import { trace2021, weatherYears } from './years.ts';

/** Longitudes of zones that have no cloud region, in degrees east: the middle of the zone. */
const LONGITUDES: Readonly<Record<string, number>> = {
  'US-FLA-FPL': -81,
  'US-NE-ISNE': -72,
  'US-NW-BPAT': -120,
  'US-NY-NYIS': -75,
};

/** Years of each zone that a climatology can be made of; `until` leaves out what began later. */
export function climatologyYears(until = Number.POSITIVE_INFINITY): ReadonlyMap<Zone, HourlySeries> {
  const trace = trace2021();
  const years = new Map<Zone, HourlySeries>();
  for (const [zone, values] of trace.zones) years.set(zone, { start: trace.start, values });
  for (const [zone, { intensity }] of weatherYears()) years.set(zone, intensity);
  if (until === Number.POSITIVE_INFINITY) return years;
  return new Map(
    [...years]
      .filter(([, { start }]) => start < until)
      .map(([zone, { start, values }]) => [zone, { start, values: values.subarray(0, (until - start) / 3_600_000) }]),
  );
}

/** Degrees east of a zone of the traces. */
export function longitudeOf(zone: Zone): number {
  return placeOfZone(zone)?.longitude ?? LONGITUDES[zone] ?? 0;
}

/** The mean climatology of zones in solar time. */
export function genericOf(years: ReadonlyMap<Zone, HourlySeries>): Climatology {
  const all = [...years].map(([zone, series]) => {
    return climatologyOf([series], solarOffsetMs(longitudeOf(zone)));
  });
  const mean = (pick: (of: Climatology) => number) =>
    Math.round((1000 * all.reduce((sum, of) => sum + pick(of), 0)) / all.length) / 1000;
  const days = (kind: 'weekday' | 'weekend') =>
    Array.from({ length: 12 }, (_, month) =>
      Array.from({ length: 24 }, (_, hour) => mean((of) => of[kind][month]?.[hour] ?? 1)),
    );
  return { weekday: days('weekday'), weekend: days('weekend'), spread: mean(({ spread }) => spread) };
}

/** Writes `shared/data/climatology.json` from all years. */
if (import.meta.main) {
  const years = climatologyYears();
  const zones = Object.fromEntries([...years].map(([zone, series]) => [zone, rounded(climatologyOf([series]))]));
  const file = new URL('../../../shared/data/climatology.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify({ generic: rounded(genericOf(years)), zones })}\n`);
}

function rounded({ spread, ...rest }: Climatology): Climatology {
  return { ...rest, spread: Math.round(spread * 1000) / 1000 };
}
