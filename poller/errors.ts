import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the poller reports. */
export const POLLER_ERRORS = {} as const;

/** Makes an error of the poller's catalogue. */
export const pollerError = errorFactory(POLLER_ERRORS);
