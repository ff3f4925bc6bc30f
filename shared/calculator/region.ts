import { findRegion, regionNames } from '../regions.ts';
import { yearlyZones } from '../yearly-intensity.ts';
import { parseZone, type Zone } from '../zones.ts';
import { CalculatorFault, nearest } from './fault.ts';

/** A region as it was written, and the grid zone that it draws from. */
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
  if (found.kind === 'zone') {
    const [only, ...others] = found.regions;
    return { region: written, zone: found.zone, ...(only && others.length === 0 && { provider: only.provider }) };
  }
  if (found.kind === 'ambiguous') {
    const choices = found.regions.map(({ provider, region, zone }) => `${provider}/${region} (${zone})`);
    throw new CalculatorFault(
      'ambiguous-region',
      `several providers have a region "${written}"; write ${choices.join(' or ')}`,
    );
  }
  const zones = new Set<string>([...yearlyZones(), ...known]);
  const parsed = parseZone(written);
  if (parsed.kind !== 'malformed' && zones.has(parsed.zone)) return { region: parsed.zone, zone: parsed.zone };
  const close = nearest(written, [...regionNames(), ...zones]);
  throw new CalculatorFault(
    'unknown-region',
    `no cloud region or grid zone "${written}" is known${close ? `; did you mean "${close}"?` : ''}`,
  );
}
