import { readingsRoute } from './readings.ts';
import type { ApiDependencies, Route } from './route.ts';
import { siteEmissionsRoute } from './site-emissions.ts';
import { siteReadingsRoute } from './site-readings.ts';
import { putSiteRoute, sitesRoute } from './sites.ts';

/** The resources of meter readings and sites; none where the API was given no store for them. */
export function readingsRoutes(deps: ApiDependencies): Route[] {
  const { readings, metrics } = deps;
  if (readings === undefined) return [];
  return [
    readingsRoute(deps, readings, metrics.intake),
    sitesRoute(readings),
    putSiteRoute(readings),
    siteReadingsRoute(readings),
    siteEmissionsRoute(deps, readings),
  ];
}
