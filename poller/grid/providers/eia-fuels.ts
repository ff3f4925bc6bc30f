/**
 * Grams per kilowatt-hour over the life cycle by EIA fuel code: medians of IPCC AR5 WG III (2014), Annex III, Table
 * A.III.2 (solar: utility PV; wind: onshore). Oil is not in that table: UK Parliamentary Office of Science and
 * Technology, POSTnote 268 (2006), oil-fired generation. SNB and WNB are solar and wind with an integrated battery: net
 * generation, in Form EIA-930 since July 2024.
 */
export const FUELS: Readonly<Record<string, readonly [source: string, gramsPerKwh: number] | undefined>> = {
  COL: ['coal', 820],
  NG: ['gas', 490],
  OIL: ['oil', 650],
  NUC: ['nuclear', 12],
  WAT: ['hydro', 24],
  WND: ['wind', 11],
  WNB: ['wind', 11],
  SUN: ['solar', 48],
  SNB: ['solar', 48],
  GEO: ['other', 38],
};

/** Storage returns what was generated before: it is not counted again. */
export const STORAGE: ReadonlySet<string> = new Set(['BAT', 'PS', 'UES', 'OES']);

/** Codes without a factor that are known to be in use. */
export const OTHER_CODES: ReadonlySet<string> = new Set(['OTH', 'UNK', 'BM']);

/** Energy in megawatt-hours by fuel code in one hour. */
export type FuelEnergy = ReadonlyMap<string, number>;

/** An hour whose known fuels make up less of its generation has no value. */
const KNOWN_SHARE = 0.9;
/** An hour is incomplete when fuels that its neighbours have, and it lacks, would make up more of its generation. */
const MISSING_SHARE = 0.05;
/** Hours on each side in which a fuel that an hour lacks is looked for. */
const REACH = 12;

/** Generation-weighted life-cycle intensity in gCO2eq/kWh; undefined when fuels with a factor are too small a part of the whole. */
export function fuelIntensity(hour: FuelEnergy): number | undefined {
  let known = 0;
  let all = 0;
  let weighted = 0;
  for (const [fuel, energy] of hour) {
    if (STORAGE.has(fuel) || energy <= 0) continue;
    all += energy;
    const factor = FUELS[fuel]?.[1];
    if (factor === undefined) continue;
    known += energy;
    weighted += energy * factor;
  }
  return known > 0 && known >= all * KNOWN_SHARE ? Math.round((weighted / known) * 10) / 10 : undefined;
}

/**
 * Which hours of a series (oldest first) are complete: fuels are published one after the other, so the newest hours lack
 * some. What an hour lacks is estimated from the nearest hours that have it, by energy: a minor fuel that comes or goes
 * does not matter, and solar that ends with the day is small there.
 */
export function completeHours(hours: readonly FuelEnergy[]): boolean[] {
  const fuels = new Set(hours.flatMap((hour) => [...hour.keys()]));
  return hours.map((hour, index) => {
    let missing = 0;
    for (const fuel of fuels) if (!hour.has(fuel) && !STORAGE.has(fuel)) missing += usualEnergy(fuel, hours, index);
    return missing <= MISSING_SHARE * (generation(hour) + missing);
  });
}

/** Mean of a fuel in the nearest hours before and after that have it, within reach; 0 where none has. */
function usualEnergy(fuel: string, hours: readonly FuelEnergy[], index: number): number {
  const found: number[] = [];
  for (const step of [-1, 1]) {
    for (let distance = 1; distance <= REACH; distance++) {
      const energy = hours[index + step * distance]?.get(fuel);
      if (energy === undefined) continue;
      found.push(Math.max(0, energy));
      break;
    }
  }
  return found.reduce((sum, energy) => sum + energy, 0) / Math.max(1, found.length);
}

function generation(hour: FuelEnergy): number {
  let sum = 0;
  for (const [fuel, energy] of hour) if (!STORAGE.has(fuel) && energy > 0) sum += energy;
  return sum;
}
