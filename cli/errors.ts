import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the command line reports. */
export const CLI_ERRORS = {} as const;

/** Makes an error of the command line's catalogue. */
export const cliError = errorFactory(CLI_ERRORS);
