import { errorFactory } from './catalogue.ts';
import { RUNTIME_ERRORS } from './runtime-errors.ts';
import { STORE_ERRORS } from './store-errors.ts';

/** Errors that more than one program reports: of settings, of the operating system, of the store, of the calculator. */
export const SHARED_ERRORS = {
  ...RUNTIME_ERRORS,
  CONTRACT_WITHOUT_EFFECT: {
    message: 'a contract of CONTRACTS_FILE matches nothing, or makes figures worse',
    action: 'see problem; correct the contract, or remove it',
  },
  CONTRACTS_FILE_INVALID: { exitCode: 1, message: '{file} is not a valid contracts file: {issues}' },
  CONTRACTS_FILE_UNREADABLE: {
    exitCode: 1,
    message: '{file} cannot be read ({reason})',
    action: 'check CONTRACTS_FILE',
  },
  INTENSITY_INVALID: { exitCode: 1, message: 'intensity must be a number of gCO2eq/kWh above 0, not {value}' },
  INTENSITY_NOT_KNOWN: {
    exitCode: 1,
    message: 'neither recorded hours nor a yearly average of the carbon intensity of {zone} are available',
    action: 'pass an intensity',
  },
  INTENSITY_NOT_RECORDED: {
    exitCode: 1,
    message: 'no carbon intensity of {zone} is recorded for {period}',
    action: '{hint}',
  },
  PERIOD_EMPTY: {
    exitCode: 1,
    message: 'the period {from}..{to} is empty, because its end is not included',
    action: 'the nearest day is {nearest}',
  },
  PERIOD_INCOMPLETE: { exitCode: 1, message: 'a period needs both from and to' },
  PERIOD_INVALID: {
    exitCode: 1,
    message: '"{value}" is not a period',
    action: 'did you mean "{nearest}"? (or FROM..TO, such as {example})',
  },
  PERIOD_REVERSED: {
    exitCode: 1,
    message: 'the period {from}..{to} ends before it starts',
    action: 'did you mean {to}..{from}?',
  },
  POWER_COVERAGE_LOW: {
    exitCode: 1,
    message: 'power is recorded for only {percent} % of {period}',
    action: 'a profile needs {needed} %: choose another period',
  },
  POWER_NOT_RECORDED: { exitCode: 1, message: 'no power of these containers is recorded for {period}' },
  PUE_INVALID: {
    exitCode: 1,
    message: '"{value}" is not a PUE (power usage effectiveness, 1 to 5)',
    action: 'the nearest valid choice is {nearest}',
  },
  PUE_NOT_KNOWN: {
    exitCode: 1,
    message: 'no fleet average of the PUE is known for this region',
    action: 'it is known for regions of {providers}, written as aws/us-east-1; otherwise pass a number',
  },
  RECORD_CONFLICT: {
    exitCode: 1,
    message: 'has the same service, region and period as {other}, but different figures',
    action: 'add them up, or split the period',
  },
  REGION_AMBIGUOUS: {
    exitCode: 1,
    message: 'several providers have a region "{region}"',
    action: 'write {choices}',
  },
  REGION_UNKNOWN: { exitCode: 1, message: 'unknown cloud region or grid zone "{region}"{suggestion}' },
  REQUESTS_INVALID: {
    exitCode: 1,
    message: 'requests must be a whole number above 0, not {value}',
    action: 'the nearest is {nearest}',
  },
  RESULT_WITHOUT_PERIOD: { exitCode: 1, message: 'a result without a period cannot be saved', action: 'give a period' },
  SELECTOR_INVALID: {
    exitCode: 1,
    message: '"{value}" does not select containers',
    action: 'write namespace/workload or namespace/label=value, such as shop/checkout or shop/app=checkout',
  },
  SERVICE_FILE_INVALID: { exitCode: 1, message: '{file} is not a valid list of services: {issues}' },
  SERVICE_FILE_NOT_YAML: { exitCode: 1, message: '{file} is neither YAML nor JSON: {cause}' },
  SERVICE_FILE_UNREADABLE: { exitCode: 1, message: '{file} cannot be read ({cause})' },
  SERVICE_UNKNOWN: {
    exitCode: 1,
    message: 'unknown service "{service}"{suggestion}',
    action: 'run "carbon services list" to see all',
  },
  DATE_INVALID: {
    exitCode: 1,
    message: '"{value}" is not a date or time',
    action: 'write a date such as 2026-01-31 or a UTC time such as 2026-01-31T13:00Z',
  },
  STORE_EMBEDDED: {
    message: '{name} is db but TSDB_DSN is empty, so history is kept in the embedded store under DATA_DIR',
    action: 'set TSDB_DSN to a PostgreSQL connection string, or {name} to local',
  },
  SETTING_RENAMED: {
    message: 'the setting {given} is now {name}; the former name still works',
    action: 'rename it',
  },
  ...STORE_ERRORS,
} as const;

/** Makes an error of the shared catalogue. */
export const sharedError = errorFactory(SHARED_ERRORS);
