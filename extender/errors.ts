import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the extender reports. */
export const EXTENDER_ERRORS = {} as const;

/** Makes an error of the extender's catalogue. */
export const extenderError = errorFactory(EXTENDER_ERRORS);
