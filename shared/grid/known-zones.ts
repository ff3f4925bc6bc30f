import { isEicCode, zoneOfEicCode } from './eic-codes.ts';
import { nearest } from './nearest.ts';
import { findRegion, regionNames } from './regions.ts';
import { yearlyIntensity, yearlyZones } from './yearly-intensity.ts';
import { parseZone, type Zone } from './zones.ts';

/** The UK Carbon Intensity API's regions: `GB-1` to `GB-17`. */
const UK_REGION = /^GB-(1[0-7]|[1-9])$/;

/** Bidding zones in ENTSO-E's notation and codes of older Electricity Maps catalogues, with their zones of today. */
const OTHER_NOTATIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ DE_LU: 'DE', DE_AT_LU: 'DE', 'DE-LU': 'DE', DE_50HZ: 'DE', DE_AMPRION: 'DE', DE_TENNET: 'DE' },
    ...{ DE_TRANSNET: 'DE', IE_SEM: 'IE', GB_NIR: 'GB-NIR', GB_IFA: 'GB', NIE: 'GB-NIR', DK_CA: 'DK', UA_IPS: 'UA' },
    ...{
      IT_NORD: 'IT-NO',
      IT_CNOR: 'IT-CNO',
      IT_CSUD: 'IT-CSO',
      IT_SUD: 'IT-SO',
      IT_SICI: 'IT-SIC',
      IT_SARD: 'IT-SAR',
    },
    ...{ IT_CALA: 'IT-SO', IT_ROSN: 'IT-SO', IT_BRNN: 'IT-SO', IT_FOGN: 'IT-SO', IT_PRGP: 'IT-SIC' },
    ...{ 'AUS-NSW': 'AU-NSW', 'AUS-QLD': 'AU-QLD', 'AUS-SA': 'AU-SA', 'AUS-TAS': 'AU-TAS', 'AUS-VIC': 'AU-VIC' },
    ...{ 'AUS-WA': 'AU-WA', 'AUS-NT': 'AU-NT', 'IN-DL': 'IN-NO', 'IN-UP': 'IN-NO', 'IN-PB': 'IN-NO', 'IN-HP': 'IN-NO' },
    ...{ 'IN-KA': 'IN-SO', 'IN-AP': 'IN-SO', 'IN-TN': 'IN-SO', 'IN-KL': 'IN-SO', 'IN-GJ': 'IN-WE', 'IN-MH': 'IN-WE' },
    ...{ 'US-NEISO': 'US-NE-ISNE', 'US-DUK': 'US-CAR-DUK', 'US-SEC': 'US-FLA-SEC', 'US-HI-OA': 'US-HI', 'US-PR': 'PR' },
    ...{
      'MX-BC': 'MX',
      'MX-CE': 'MX',
      'MX-NO': 'MX',
      'MX-OR': 'MX',
      'MX-PN': 'MX',
      'CL-SIC': 'CL-SEN',
      'CL-SING': 'CL-SEN',
    },
    ...{
      'KR-SEOUL': 'KR',
      'ES-IB': 'ES-IB-MA',
      'ES-CN': 'ES-CN-TE',
      'RU-EU': 'RU-1',
      'RU-SI': 'RU-2',
      'RU-FE': 'RU-AS',
    },
  }),
);

/** Whether a table of this program has the zone itself, not only its country. */
export function isKnownZone(zone: Zone): boolean {
  return yearlyIntensity(zone)?.of === zone || UK_REGION.test(zone);
}

/** The zone or cloud region that an unknown name most likely means; undefined when nothing is near. */
export function likelyName(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  // Nothing near it would be meant.
  if (isEicCode(code)) return yearlyZones().find((zone) => zone === zoneOfEicCode(code));
  const written = OTHER_NOTATIONS.get(code) ?? OTHER_NOTATIONS.get(code.replaceAll('-', '_'));
  const noted = written ?? numbered(code) ?? lastPart(code) ?? countryNamed(text.trim());
  if (noted !== undefined) return noted;
  return nearest(text, [...yearlyZones(), ...regionNames()]);
}

/** Why a name cannot be used as a zone, with the likely one: a predicate for a sentence that begins with the name. */
export function zoneProblem(text: string): string {
  const region = findRegion(text);
  if (region.kind === 'ambiguous') {
    const choices = region.regions.map(({ provider, region: name, zone }) => `${provider}/${name} (${zone})`);
    return `is a region of several cloud providers; write ${choices.join(' or ')}`;
  }
  const likely = likelyName(text);
  const what = parseZone(text).kind === 'malformed' ? 'is not a zone code or cloud region' : 'is not a known zone';
  return likely === undefined
    ? `${what}; a zone code is such as DE or US-CAL-CISO`
    : `${what}; did you mean "${likely}"?`;
}

/** The zone of a country by its English name, such as Germany. */
function countryNamed(name: string): Zone | undefined {
  const names = new Intl.DisplayNames('en', { type: 'region' });
  const countries = yearlyZones().filter((zone) => /^[A-Z]{2}$/.test(zone));
  return countries.find((zone) => names.of(zone)?.toLowerCase() === name.toLowerCase());
}

/** ENTSO-E numbers bidding zones: `DK_1`, `SE-3`, `NO_2` are `DK-DK1`, `SE-SE3`, `NO-NO2`. */
function numbered(code: string): string | undefined {
  const [, country, number] = /^(DK|NO|SE)[-_ ]?(?:\1)?(\d)$/.exec(code) ?? [];
  const zone = `${country}-${country}${number}` as Zone;
  return country !== undefined && isKnownZone(zone) ? zone : undefined;
}

/** The only zone with the same country and last part: `US-TVA` is `US-TEN-TVA`. */
function lastPart(code: string): string | undefined {
  const parts = code.split(/[-_]/);
  const last = parts.at(-1) ?? '';
  if (parts.length < 2 || last.length < 2) return undefined;
  const same = yearlyZones().filter((zone) => zone.startsWith(`${parts[0]}-`) && zone.endsWith(`-${last}`));
  return same.length === 1 ? same[0] : undefined;
}
