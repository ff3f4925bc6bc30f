import type { Request } from 'express';
import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import type { Zone } from '../../shared/grid/zones.ts';
import { siteName } from '../../shared/records/meter-reading.ts';
import type { Site } from '../../shared/records/meter-readings.ts';
import { extenderError } from '../errors.ts';
import type { ReadingsApi } from '../readings/readings-api.ts';
import { zoneCode } from './co2-request.ts';
import type { Operation } from './openapi/operation.ts';
import { siteResponse, sitesResponse } from './openapi/readings-responses.ts';
import { checked, issuesOf, type RequestIssue } from './problem.ts';
import type { Route } from './route.ts';

/** The part of a path that names a site. */
export const sitePath = z.strictObject({ site_id: siteName });

const putBody = z.strictObject({ zone: zoneCode.nullable() });

/** A site with the zone that counts for it: the one given through the API, else that of SITE_ZONES. */
export interface PlacedSite extends Site {
  readonly zoneSource: 'api' | 'configuration' | undefined;
}

/** `GET /sites`, as the API's description shows it. */
export const sitesOperation: Operation = {
  method: 'GET',
  path: '/sites',
  tag: 'readings',
  summary: 'Sites that have readings or a zone',
  response: { description: 'Sites by name', schema: sitesResponse },
};

/** `GET /sites`: every site that has readings or a zone. */
export function sitesRoute({ store, config }: ReadingsApi): Route {
  return {
    operation: sitesOperation,
    async handle(_request, response) {
      const known = (await store.sites()).map((site) => placed(site, config.SITE_ZONES));
      const names = new Set(known.map(({ siteId }) => siteId));
      const silent = [...config.SITE_ZONES.keys()].filter((siteId) => !names.has(siteId));
      const sites = [...known, ...silent.map((siteId) => placed(unseen(siteId), config.SITE_ZONES))];
      sites.sort((a, b) => (a.siteId < b.siteId ? -1 : 1));
      response.json({ sites: sites.map(siteJson) });
    },
  };
}

/** `PUT /sites/:site_id`, as the API's description shows it. */
export const putSiteOperation: Operation = {
  method: 'PUT',
  path: '/sites/:site_id',
  tag: 'readings',
  summary: 'Sets the zone of a site',
  description: 'null removes it, so that SITE_ZONES applies again.',
  params: sitePath,
  body: putBody,
  response: { description: 'The site as it is now', schema: siteResponse },
};

/** `PUT /sites/{site_id}`: gives a site its zone; null removes it, so that SITE_ZONES applies again. */
export function putSiteRoute(readings: ReadingsApi): Route {
  return {
    operation: putSiteOperation,
    async handle(request, response) {
      const { zone } = checked(putBody, request.body, () => siteIssues(request));
      const siteId = siteIdOf(request);
      await readings.store.putSite(siteId, zone ?? undefined);
      const site = (await readings.store.site(siteId)) ?? unseen(siteId);
      response.json(siteJson(placed(site, readings.config.SITE_ZONES)));
    },
  };
}

/** The site that a path names, as the store has it. */
export function siteIdOf(request: Request): string {
  return checked(sitePath, request.params).site_id;
}

/** The site that a path names; throws SITE_UNKNOWN when it has neither readings nor a zone. */
export async function knownSite({ store, config }: ReadingsApi, request: Request): Promise<PlacedSite> {
  const siteId = siteIdOf(request);
  const site = await store.site(siteId);
  if (site === undefined && !config.SITE_ZONES.has(siteId)) throw extenderError('SITE_UNKNOWN', { site: siteId });
  return placed(site ?? unseen(siteId), config.SITE_ZONES);
}

/** Issues of the name of the site in a path; none when it is valid. */
export function siteIssues(request: Request): RequestIssue[] {
  const { error } = sitePath.safeParse(request.params);
  return error ? issuesOf(error) : [];
}

function placed(site: Site, configured: ReadonlyMap<string, Zone>): PlacedSite {
  if (site.zone !== undefined) return { ...site, zoneSource: 'api' };
  const zone = configured.get(site.siteId);
  return { ...site, zone, zoneSource: zone && 'configuration' };
}

function unseen(siteId: string): Site {
  return { siteId, zone: undefined, devices: 0, first: undefined, last: undefined };
}

function siteJson({ siteId, zone, zoneSource, devices, first, last }: PlacedSite) {
  return {
    site_id: siteId,
    zone: zone ?? null,
    zone_source: zoneSource ?? null,
    devices,
    first_reading: first === undefined ? null : isoTime(first),
    last_reading: last === undefined ? null : isoTime(last),
  };
}
