import { errorFactory } from './catalogue.ts';
import { STORE_ERRORS } from './store-errors.ts';

/** Errors that more than one program reports: of settings, of the operating system, of the store, of the calculator. */
export const SHARED_ERRORS = {
  PORT_TAKEN: {
    exitCode: 1,
    message: 'port {port} on {address} is taken by another program',
    action: 'stop that one, or set {setting} to a free port',
  },
  SETTING_RENAMED: {
    message: 'the setting {given} is now {name}; the former name still works',
    action: 'rename it',
  },
  ...STORE_ERRORS,
} as const;

/** Makes an error of the shared catalogue. */
export const sharedError = errorFactory(SHARED_ERRORS);
