import { emissionsOfKwh } from '../emissions/pricing.ts';
import { gramsPerKwh } from '../grid/units.ts';
import { calculatorError } from './error.ts';

/** Energy of a number of requests in kWh: requests × Wh per request ÷ 1000 × PUE. */
export function energyOfRequests(requests: number, whPerRequest: number, pue = 1): number {
  return ((requests * whPerRequest) / 1000) * pue;
}

/** Emissions in gCO2e: kWh × gCO2/kWh (GHG Protocol scope 2, location based). */
export function gramsOfEnergy(kWh: number, intensity: number): number {
  return emissionsOfKwh(kWh, gramsPerKwh(intensity));
}

/** gCO2e per 1000 requests: g ÷ requests × 1000. */
export function gramsPerThousand(grams: number, requests: number): number {
  return (grams / requests) * 1000;
}

/** A number of requests, whole and above 0; otherwise an error that names the nearest valid number. */
export function wholeRequests(requests: number | string): number {
  const count = typeof requests === 'string' && requests.trim() === '' ? Number.NaN : Number(requests);
  if (Number.isSafeInteger(count) && count > 0) return count;
  // As people write large numbers: 100,000 or 100_000.
  const meant = Number.isNaN(count) ? Number(String(requests).replaceAll(/(?<=\d)[,_' ](?=\d{3})/g, '')) : count;
  const close = Number.isFinite(meant) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(meant))) : 1000;
  throw calculatorError('REQUESTS_INVALID', { value: requests, nearest: close });
}
