import { errorFactory } from '../shared/errors/catalogue.ts';

/** Errors that only the command line reports: exit code 1 for the command itself, 2 for a service that cannot be reached. */
export const CLI_ERRORS = {
  API_REQUEST_REJECTED: { exitCode: 1, message: 'the API at {url} rejected the request: {reason}' },
  API_UNAUTHORIZED: {
    exitCode: 1,
    message: 'the API at {url} needs a valid token',
    action: 'set CARBON_API_TOKEN',
  },
  API_UNREACHABLE: {
    exitCode: 2,
    message: 'the API at {url} does not respond as expected ({reason})',
    action: 'check CARBON_API',
  },
  BUDGET_NOT_FOUND: {
    exitCode: 1,
    message: 'no budget is set for {kind} {name} per {per}',
    action: 'run "carbon budget list" to see all budgets{suggestion}',
  },
  BUDGET_OWNER_INVALID: {
    exitCode: 1,
    message: 'a budget belongs to exactly one namespace or one service',
    action: 'pass either --namespace or --service',
  },
  CACHE_UNAVAILABLE: {
    exitCode: 2,
    message: 'the current carbon intensity is not available: {file}: {reason}',
    action:
      'check that the poller is running and that CACHE_FILE or DATA_DIR is where it writes (npm run demo: DATA_DIR=data/demo); "carbon zones --yearly" needs no poller',
  },
  CHOICE_INVALID: {
    exitCode: 1,
    message: '{option}: "{value}" is not one of {choices}',
    action: 'did you mean "{nearest}"?',
  },
  DATA_DIR_MISSING: {
    exitCode: 3,
    message: 'DATA_DIR: the directory {folder} does not exist',
    action: 'set DATA_DIR to the directory that the poller writes to',
  },
  EXTENDER_UNREACHABLE: {
    exitCode: 2,
    message: 'the extender at {url} does not respond ({reason})',
    action: 'check that it is running, or pass its address with --extender',
  },
  FILE_INVALID: { exitCode: 1, message: '{file}: {reason}' },
  IMPORT_REJECTED: { exitCode: 1, message: '{file}: nothing was imported because of these lines:\n{issues}' },
  KUBERNETES_UNREACHABLE: {
    exitCode: 2,
    message: 'could not list the pods labelled {labels} from the Kubernetes API ({reason})',
    action: 'write namespace/workload instead',
  },
  MONTH_INVALID: {
    exitCode: 1,
    message: '--month: "{value}" is not a month that has begun',
    action: 'write it as 2026-11',
  },
  NO_EXPLANATION: { exitCode: 1, message: '{reason}' },
  NO_NODE_POWER: {
    exitCode: 1,
    message: 'no power of any node is recorded',
    action: 'check that the poller runs and reads Kepler, a Prometheus or kubelets: docs/power.md',
  },
  NO_POWER_RECORDED: {
    exitCode: 1,
    message: 'no power of {selector} is recorded for {period}',
    action: 'without --selector every hour has the same weight',
  },
  NO_RECORDS: { exitCode: 1, message: '{message}' },
  NO_REQUESTS: { exitCode: 1, message: '{file} has no requests within {period}' },
  NO_SUCH_PODS: {
    exitCode: 1,
    message: 'no pod in namespace {namespace} currently has the labels {labels}',
    action: 'for pods of the past write namespace/workload, such as {example}',
  },
  NO_WINDOW: {
    exitCode: 1,
    message: 'neither the forecast nor the history of {zone} has {hours} consecutive hours',
    action: '{hint}',
  },
  NUMBER_INVALID: { exitCode: 1, message: '{option} must be {expected}, not "{value}"' },
  OPTIONS_CONFLICT: { exitCode: 1, message: '{options} cannot be used together', action: '{hint}' },
  OPTIONS_MISSING: { exitCode: 1, message: '{reason}', action: '{hint}' },
  OUTPUT_FILE_FAILED: { exitCode: 3, message: '--output: could not write {file}: {reason}' },
  OUTPUT_FAILED: { exitCode: 3, message: 'could not write to standard output: {reason}' },
  PORTS_EQUAL: {
    exitCode: 1,
    message: 'two of POLLER_PORT, EXTENDER_PORT and API_PORT are the same',
    action: 'give each its own port',
  },
  PORT_UNAVAILABLE: { exitCode: 2, message: '{reason}' },
  PROMETHEUS_QUERY_FAILED: { exitCode: 1, message: 'Prometheus rejected the query: {reason}' },
  PROMETHEUS_NO_NUMBER: {
    exitCode: 1,
    message: 'the Prometheus query returned no number for this period',
    action: 'check the query and the period',
  },
  PROMETHEUS_SERIES_NOT_AGGREGATED: {
    exitCode: 1,
    message: 'the Prometheus query returned {series} series instead of one number',
    action: 'aggregate them, for example with sum(…)',
  },
  PROMETHEUS_UNREACHABLE: {
    exitCode: 2,
    message: 'Prometheus at {url} does not respond as expected ({reason})',
    action: 'check PROMETHEUS_URL or --prometheus-url',
  },
  REDIS_NOT_CONFIGURED: {
    exitCode: 1,
    message: 'no Redis server is configured',
    action: 'set REDIS_URL or REDIS_HOST, for example REDIS_URL=redis://localhost:6379',
  },
  REDIS_UNREACHABLE: { exitCode: 2, message: '{reason}', action: 'check REDIS_URL or REDIS_HOST' },
  STATEMENT_DIFFERS: { exitCode: 1, message: '{file} does not match its rows:\n{differences}' },
  STORE_FAILED: { exitCode: 3, message: 'the store failed: {reason}' },
  TIME_INVALID: {
    exitCode: 1,
    message: '{option}: "{value}" is not a time',
    action: 'write it as 2026-01-01 or 2026-01-01T12:00:00Z',
  },
  TIME_RANGE_EMPTY: {
    exitCode: 1,
    message: '--from {from} is not earlier than --to {to}',
    action: 'choose an earlier --from or a later --to',
  },
  WINDOW_INVALID: { exitCode: 1, message: '--window: "{value}" is not a window', action: 'use {forms}' },
  WINDOW_CUTS_HOURS: {
    exitCode: 1,
    message: '--window: "{value}" does not begin and end at full hours',
    action: 'use full hours, such as 2026-11-01T00:00:00Z,2026-11-02T00:00:00Z, or 7d',
  },
  ZONE_NOT_IN_TRACE: {
    exitCode: 1,
    message: '--zone: {zone} is not in the trace',
    action: 'choose one of {zones}',
  },
} as const;

/** Makes an error of the command line's catalogue. */
export const cliError = errorFactory(CLI_ERRORS);
