import { findRegion, regionNames } from '../grid/regions.ts';
import { yearlyZones } from '../grid/yearly-intensity.ts';
import { parseZone, type Zone } from '../grid/zones.ts';
import { calculatorError, suggestionOf } from './error.ts';

/** A region in the one spelling that it is kept under, and the grid zone that it draws from. */
export interface PlacedRegion {
  readonly region: string;
  readonly zone: Zone;
  /** Cloud provider, when only one has a region of this name. */
  readonly provider?: string;
}

/** Finds a cloud region (`us-east-1`, `aws/eu-west-1`) or a grid zone (`DE`); `known` are further zones, such as those of the history. */
export function placeRegion(text: string, known: Iterable<Zone> = []): PlacedRegion {
  const written = text.trim();
  const found = findRegion(written);
  const parsed = parseZone(written);
  if (found.kind === 'zone') {
    const [only, ...others] = found.regions;
    // What is saved under two spellings would count twice. A provider may call its region as the zone is called.
    const isZoneCode = parsed.kind !== 'malformed' && parsed.kind !== 'region' && parsed.zone === found.zone;
    if (isZoneCode) return { region: parsed.zone, zone: found.zone };
    const provider = only && others.length === 0 && { provider: only.provider };
    return { region: written.toLowerCase(), zone: found.zone, ...provider };
  }
  if (found.kind === 'ambiguous') {
    const choices = found.regions.map(({ provider, region, zone }) => `${provider}/${region} (${zone})`);
    throw calculatorError('REGION_AMBIGUOUS', { region: written, choices: choices.join(' or ') });
  }
  const zones = new Set<string>([...yearlyZones(), ...known]);
  if (parsed.kind !== 'malformed' && zones.has(parsed.zone)) return { region: parsed.zone, zone: parsed.zone };
  throw calculatorError('REGION_UNKNOWN', {
    region: written,
    suggestion: suggestionOf(written, [...regionNames(), ...zones]),
  });
}
