import type { ApiDependencies, Route } from '../route.ts';
import { decisionsRoute } from './decisions.ts';
import { eventsRoute } from './events.ts';
import { forecastRoute } from './forecast.ts';
import { gridRoute } from './grid.ts';
import { simulatedPower } from './simulated-power.ts';
import { waitingRoute } from './waiting.ts';

/** What the dashboard shows beside the resources of other clients. */
export function dashboardRoutes(deps: ApiDependencies): Route[] {
  const simulated = simulatedPower(deps);
  return [
    gridRoute(deps, simulated),
    forecastRoute(deps),
    decisionsRoute(deps),
    waitingRoute(deps),
    eventsRoute(deps, simulated),
  ];
}
