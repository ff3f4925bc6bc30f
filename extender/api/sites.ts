import type { Request } from 'express';
import { z } from 'zod';
import { meterId } from '../../shared/readings/reading.ts';
import type { Site } from '../../shared/store/readings-ports.ts';
import { isoTime } from '../../shared/units.ts';
import type { Zone } from '../../shared/zones.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import { zoneCode } from './co2-request.ts';
import { checked, ProblemError } from './problem.ts';
import type { Route } from './route.ts';

const putBody = z.strictObject({ zone: zoneCode.nullable() });

/** A site with the zone that counts for it: the one given through the API, else that of SITE_ZONES. */
export interface PlacedSite extends Site {
  readonly zoneSource: 'api' | 'configuration' | undefined;
}

/** `GET /sites`: every site that has readings or a zone. */
export function sitesRoute({ store, config }: ReadingsApi): Route {
  return {
    method: 'GET',
    path: '/sites',
    async handle(_request, response) {
      const known = (await store.sites()).map((site) => placed(site, config.SITE_ZONES));
      const names = new Set(known.map(({ siteId }) => siteId));
      const silent = [...config.SITE_ZONES.keys()].filter((siteId) => !names.has(siteId));
      const sites = [...known, ...silent.map((siteId) => placed(unseen(siteId), config.SITE_ZONES))];
      sites.sort((a, b) => (a.siteId < b.siteId ? -1 : 1));
      response.json({ sites: sites.map(siteAnswer) });
    },
  };
}

/** `PUT /sites/{site_id}`: gives a site its zone; null takes it away, so that SITE_ZONES counts again. */
export function putSiteRoute(readings: ReadingsApi): Route {
  return {
    method: 'PUT',
    path: '/sites/:site_id',
    async handle(request, response) {
      const siteId = siteIdOf(request);
      const { zone } = checked(putBody, request.body);
      await readings.store.putSite(siteId, zone ?? undefined);
      const site = (await readings.store.site(siteId)) ?? unseen(siteId);
      response.json(siteAnswer(placed(site, readings.config.SITE_ZONES)));
    },
  };
}

/** The site that a path names; throws a 404 when nothing is known of it. */
export async function knownSite({ store, config }: ReadingsApi, request: Request): Promise<PlacedSite> {
  const siteId = siteIdOf(request);
  const site = await store.site(siteId);
  if (site === undefined && !config.SITE_ZONES.has(siteId))
    throw new ProblemError(404, `Nothing is known of the site ${siteId}`);
  return placed(site ?? unseen(siteId), config.SITE_ZONES);
}

function siteIdOf(request: Request): string {
  const parsed = meterId.safeParse(request.params.site_id);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues[0]?.message ?? 'is no name';
  throw new ProblemError(400, 'The site_id of the path has a fault', [{ pointer: '/site_id', detail }]);
}

function placed(site: Site, configured: ReadonlyMap<string, Zone>): PlacedSite {
  if (site.zone !== undefined) return { ...site, zoneSource: 'api' };
  const zone = configured.get(site.siteId);
  return { ...site, zone, zoneSource: zone && 'configuration' };
}

function unseen(siteId: string): Site {
  return { siteId, zone: undefined, devices: 0, first: undefined, last: undefined };
}

function siteAnswer({ siteId, zone, zoneSource, devices, first, last }: PlacedSite) {
  return {
    site_id: siteId,
    zone: zone ?? null,
    zone_source: zoneSource ?? null,
    devices,
    first_reading: first === undefined ? null : isoTime(first),
    last_reading: last === undefined ? null : isoTime(last),
  };
}
