import { z } from 'zod';
import { type EpochMs, HOUR_MS } from '../../../shared/grid/units.ts';
import { type Zone, zone as zoneOf } from '../../../shared/grid/zones.ts';
import { type HttpResponse, parseAs } from '../http-client.ts';
import type { ProviderErrorReason } from '../provider.ts';
import type { ProviderClient } from '../provider-client.ts';

/** The catalogue with access was 1.2 MB in 2026. */
const CATALOGUE_BYTES = 16 * 1024 * 1024;
const REFRESH_MS = 24 * HOUR_MS;
/** A catalogue that could not be read is tried again after this long. */
const RETRY_MS = HOUR_MS;

const catalogueBody = z.record(z.string(), z.looseObject({ access: z.array(z.string()).optional().catch(undefined) }));

/** What a key has access to. */
export interface ElectricityMapsAccess {
  /** Whether a path may be requested for a zone; true while nothing is known. */
  allows(zone: Zone, path: string): boolean;
  /** Whether the catalogue has the zone; undefined while it is not known. */
  knows(zone: Zone): boolean | undefined;
  /** Reads the catalogue when it is due, once a day. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Records that a response contradicts the catalogue: it is read again before the next poll cycle. */
  contradicted(): void;
}

/** Plans differ by key: what it has access to is read from the catalogue with the key, and until then every zone is tried. */
export function electricityMapsAccess(
  client: ProviderClient,
  options: { readonly baseUrl: string; readonly headers: Record<string, string> },
  classify: (response: HttpResponse) => ProviderErrorReason | undefined,
): ElectricityMapsAccess {
  let catalogue: ReadonlySet<string> | undefined;
  let access: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  let nextAt: EpochMs = Number.NEGATIVE_INFINITY;
  return {
    allows(zone, path) {
      if (access === undefined) return true;
      const paths = access.get(zone);
      return paths !== undefined && (paths.has('*') || paths.has(path));
    },
    knows: (zone) => catalogue?.has(zone),
    async refresh(signal) {
      if (client.now() < nextAt) return;
      nextAt = client.now() + RETRY_MS;
      const zone = zoneOf('XX');
      const { headers } = options;
      const url = `${options.baseUrl}/zones`;
      const limits = { maxBytes: CATALOGUE_BYTES, background: true };
      const response = await client.fetch({ zone, url, headers, signal, classify, ...limits });
      const entries = Object.entries(parseAs(catalogueBody, response.json, client.provider, zone));
      nextAt = client.now() + REFRESH_MS;
      catalogue = new Set(entries.map(([code]) => code));
      // The v3 catalogue, and the one without a key, have no access lists.
      const listed = entries.flatMap(([code, { access: paths }]) => (paths ? [[code, new Set(paths)] as const] : []));
      access = listed.length > 0 ? new Map(listed) : undefined;
    },
    contradicted() {
      if (access !== undefined) nextAt = Number.NEGATIVE_INFINITY;
    },
  };
}
