import { activityExportOperation } from '../activity-export.ts';
import { budgetsOperation } from '../budgets.ts';
import { co2IntensitiesOperation } from '../co2-intensities.ts';
import { co2PerContainerOperation, co2RangeOperation } from '../co2-per-container.ts';
import { containersOperation } from '../containers.ts';
import { decisionsOperation } from '../dashboard/decisions.ts';
import { eventsOperation } from '../dashboard/events.ts';
import { forecastOperation } from '../dashboard/forecast.ts';
import { gridOperation } from '../dashboard/grid.ts';
import { waitingOperation } from '../dashboard/waiting.ts';
import { allocationOperations, emissionsOperation } from '../emissions/emissions.ts';
import { exportTimeSeriesOperation } from '../export-time-series.ts';
import { healthOperation, statusOperation } from '../health.ts';
import { nodePowerOperation } from '../node-power.ts';
import { powerConsumptionOperation } from '../power-consumption.ts';
import { readingsOperation } from '../readings.ts';
import { recordedJobsOperation } from '../recorded-jobs.ts';
import { savingsOperation } from '../savings.ts';
import { servicesOperation } from '../services.ts';
import { siteEmissionsOperation } from '../site-emissions.ts';
import { siteReadingsOperation } from '../site-readings.ts';
import { putSiteOperation, sitesOperation } from '../sites.ts';
import { statementOperation } from '../statement.ts';
import { saveWorkloadsOperation, workloadsOperation } from '../workloads.ts';
import type { Operation } from './operation.ts';
import { docsOperation, healthzOperation, metricsOperation, openApiOperation, readyzOperation } from './self.ts';

/** Every operation that the API can have, in the order of its description. */
export const OPERATIONS: readonly Operation[] = [
  containersOperation,
  powerConsumptionOperation,
  nodePowerOperation,
  co2PerContainerOperation,
  co2RangeOperation,
  co2IntensitiesOperation,
  savingsOperation,
  emissionsOperation,
  ...allocationOperations,
  exportTimeSeriesOperation,
  activityExportOperation,
  statementOperation,
  saveWorkloadsOperation,
  workloadsOperation,
  servicesOperation,
  budgetsOperation,
  healthOperation,
  statusOperation,
  readingsOperation,
  sitesOperation,
  putSiteOperation,
  siteReadingsOperation,
  siteEmissionsOperation,
  gridOperation,
  forecastOperation,
  decisionsOperation,
  recordedJobsOperation,
  waitingOperation,
  eventsOperation,
  openApiOperation,
  docsOperation,
  healthzOperation,
  readyzOperation,
  metricsOperation,
];
