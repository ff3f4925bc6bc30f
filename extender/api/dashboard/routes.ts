import type { ApiDependencies, Route } from '../route.ts';
import { decisionsRoute } from './decisions.ts';
import { eventsRoute } from './events.ts';
import { forecastRoute } from './forecast.ts';
import { gridRoute } from './grid.ts';
import { simulatedPower } from './simulated-power.ts';
import { waitingRoute } from './waiting.ts';

/** What the dashboard shows beside the resources that others ask for too. */
export function dashboardRoutes(deps: ApiDependencies): Route[] {
  const invented = simulatedPower(deps);
  return [
    gridRoute(deps, invented),
    forecastRoute(deps),
    decisionsRoute(deps),
    waitingRoute(deps),
    eventsRoute(deps, invented),
  ];
}
