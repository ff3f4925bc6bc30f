import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the poller reports. */
export const POLLER_ERRORS = {
  EXPORTER_SCRAPE_FAILED: {
    message: 'exporter {target} gave no power samples ({reason}: {detail})',
    action:
      'check that EXPORTER_URL is the metrics endpoint of Kepler and that the poller may reach it; no energy is lost while the gap is shorter than five scrape intervals',
  },
  EXPORTER_FROZEN: {
    message: 'no energy counter of node {node} has moved for ten scrapes of {target}',
    action: 'restart Kepler on that node; its samples are left out until a counter moves',
  },
  EXPORTER_NODES_ALTERNATE: {
    message: 'exporter address {target} answers for several nodes in turn',
    action: 'give Kepler a headless service, or set EXPORTER_DISCOVERY=endpoint-slices, so that every node is scraped',
  },
  EXPORTER_NOT_RESOLVED: {
    message: 'exporter host {host} could not be resolved',
    action: 'check EXPORTER_URL and the DNS of the poller; the last known addresses are used meanwhile',
  },
  EXPORTER_ENDPOINTS_UNAVAILABLE: {
    message: 'the EndpointSlices of the exporters could not be listed',
    action:
      'allow the poller to list endpointslices in the namespace of Kepler; the last known endpoints are used meanwhile',
  },
  NODE_POWER_NOT_WRITTEN: {
    message: 'the measured power of nodes could not be written to {file}',
    action: 'check that the folder exists and is writable; scores use the last file until it expires',
  },
  POWER_NOT_STORED: {
    message: 'power samples of {target} could not be stored',
    action: 'check the database; the next scrape includes the energy of this one',
  },
} as const;

/** Makes an error of the poller's catalogue. */
export const pollerError = errorFactory(POLLER_ERRORS);
