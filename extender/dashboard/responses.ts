import type { z } from 'zod';
import type { decisionsResponse } from '../api/dashboard/decisions.ts';
import type { forecastResponse } from '../api/dashboard/forecast.ts';
import type { gridResponse } from '../api/dashboard/grid.ts';
import type { waitingResponse } from '../api/dashboard/waiting.ts';
import type { budgetsResponse } from '../api/openapi/calculator-responses.ts';
import type { siteEmissionsResponse, siteReadingsResponse, sitesResponse } from '../api/openapi/readings-responses.ts';
import type { emissionsResponse, intensitiesResponse, statusResponse } from '../api/openapi/responses.ts';
import type { savingsResponse } from '../api/savings.ts';

/** Types of the API's responses, for the page's scripts, which import them in JSDoc comments. */
export interface ApiResponses {
  readonly budgets: z.output<typeof budgetsResponse>;
  readonly decisions: z.output<typeof decisionsResponse>;
  readonly emissions: z.output<typeof emissionsResponse>;
  readonly forecast: z.output<typeof forecastResponse>;
  readonly grid: z.output<typeof gridResponse>;
  readonly intensities: z.output<typeof intensitiesResponse>;
  readonly savings: z.output<typeof savingsResponse>;
  readonly siteEmissions: z.output<typeof siteEmissionsResponse>;
  readonly siteReadings: z.output<typeof siteReadingsResponse>;
  readonly sites: z.output<typeof sitesResponse>;
  readonly status: z.output<typeof statusResponse>;
  readonly waiting: z.output<typeof waitingResponse>;
}
