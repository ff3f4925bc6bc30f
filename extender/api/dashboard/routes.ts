import type { ApiDependencies, Route } from '../route.ts';
import { decisionsRoute } from './decisions.ts';
import { eventsRoute } from './events.ts';
import { forecastRoute } from './forecast.ts';
import { gridRoute } from './grid.ts';
import { waitingRoute } from './waiting.ts';

/** What the dashboard shows beside the resources that others ask for too. */
export function dashboardRoutes(deps: ApiDependencies): Route[] {
  return [gridRoute(deps), forecastRoute(deps), decisionsRoute(deps), waitingRoute(deps), eventsRoute(deps)];
}
