import { Command } from 'commander';
import { measuredProfile } from '../shared/calculator/measured-profile.ts';
import { parsePeriod, rangeOf } from '../shared/calculator/period.ts';
import { fullHours, recordedUse } from '../shared/calculator/recorded/use.ts';
import type { ServiceProfile } from '../shared/calculator/service-profiles.ts';
import type { TimeRange } from '../shared/records/power.ts';
import type { Environment } from '../shared/runtime/config.ts';
import { knownProfiles, saveProfile } from '../shared/runtime/services-file.ts';
import { hourlyFromApi } from './api-activity.ts';
import { apiClient } from './api-client.ts';
import { profilesFromApi } from './api-recorded.ts';
import { cliError } from './errors.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { parseChoice } from './options.ts';
import { queryPrometheus } from './prometheus.ts';
import { percent } from './result-text.ts';
import { resolveSelector } from './selector.ts';
import { measureTokens } from './services-tokens.ts';
import { cliConfig } from './settings.ts';
import { withHistory } from './stores.ts';
import { type Column, textTable } from './table.ts';

/** `carbon services`: lists energy profiles and measures new ones. */
export function servicesCommand(env: Environment, io: Io): Command {
  return new Command('services')
    .description('List the energy profiles of services, or measure one')
    .addHelpText(
      'after',
      examples(
        'carbon services list',
        'carbon services measure --service shop --selector shop/checkout --requests 120000',
      ),
    )
    .addCommand(listCommand(env, io))
    .addCommand(measureCommand(env, io));
}

function listCommand(env: Environment, io: Io): Command {
  return new Command('list')
    .description('List every service with its energy per request and where that figure comes from')
    .option('--services <file>', 'YAML or JSON file of energy profiles (SERVICES_FILE)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Reads the API at CARBON_API (with CARBON_API_TOKEN) if that is set and --services is not given.
${examples('carbon services list', 'carbon services list --services services.yaml --json')}`,
    )
    .action((options: ListOptions) => runServicesList(options, env, io));
}

/** The options of `carbon services list`. */
export interface ListOptions {
  readonly services?: string;
  readonly json?: boolean;
}

/** Prints all known energy profiles, those of the API where one is set and no file is given, as a table or as JSON. */
export async function runServicesList({ services, json }: ListOptions, env: Environment, io: Io): Promise<void> {
  const api = services === undefined ? apiClient(env) : undefined;
  const profiles = api
    ? await profilesFromApi(api)
    : [...knownProfiles(services ?? cliConfig(env).SERVICES_FILE).values()];
  io.out(json ? `${JSON.stringify(profiles, null, 2)}\n` : textTable(COLUMNS, profiles));
}

const COLUMNS: readonly Column<ServiceProfile>[] = [
  { title: 'Service', cell: ({ service }) => service },
  {
    title: 'Wh per request',
    align: 'right',
    cell: ({ wh_per_request }) => String(Number(wh_per_request.toPrecision(6))),
  },
  { title: 'Confidence', cell: ({ confidence }) => confidence },
  { title: 'Source', cell: ({ source }) => source },
  {
    title: 'Measured',
    cell: ({ measured }) =>
      measured
        ? `${measured.from.slice(0, 10)}..${measured.to.slice(0, 10)}, ${percent(measured.coverage)} recorded`
        : '',
  },
];

interface MeasureOptions {
  readonly unit: string;
  readonly service?: string;
  readonly selector: string;
  readonly requests?: string;
  readonly prometheus?: string;
  readonly prometheusUrl?: string;
  readonly from?: string;
  readonly to?: string;
  readonly saveTo?: string;
  readonly json?: boolean;
}

function measureCommand(env: Environment, io: Io): Command {
  return new Command('measure')
    .description("Measure a profile: recorded energy of the service's containers divided by its requests")
    .option('--service <name>', 'name of the profile (not with --unit token)')
    .option(
      '--unit <unit>',
      'request, or token: joules and grams per 1,000 generated tokens by model and hour',
      'request',
    )
    .requiredOption(
      '--selector <namespace/name>',
      'its containers: namespace/workload, namespace/workload/container or namespace/label=value',
    )
    .option('--requests <number>', 'requests served in the period')
    .option(
      '--prometheus <query>',
      'PromQL query for the number of requests; $interval is the length of the period (an hour with --unit token)',
    )
    .option('--prometheus-url <url>', 'address of Prometheus (PROMETHEUS_URL)')
    .option('--from <time>', 'start in UTC; default: the last 24 full hours')
    .option('--to <time>', 'end in UTC, excluded')
    .option('--save-to <file>', 'YAML or JSON file to add the profile to')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Energy is recorded per hour, so the period is extended to full hours. It is read from the API at CARBON_API
(with CARBON_API_TOKEN) if that is set.
` +
        examples(
          'carbon services measure --service checkout --selector shop/checkout --requests 120000 --save-to services.yaml',
          `carbon services measure --service checkout --selector shop/checkout \\
    --prometheus 'sum(increase(http_requests_total{app="checkout"}[$interval]))'`,
          `carbon services measure --unit token --selector llm/vllm \\
    --prometheus 'sum by (model_name) (rate(vllm:generation_tokens_total[$interval]))'`,
        ),
    )
    .action((options: MeasureOptions) => measure(options, env, io));
}

async function measure(options: MeasureOptions, env: Environment, io: Io): Promise<void> {
  const api = apiClient(env);
  // The store's directory need not exist where the API is read instead.
  const config = cliConfig(api ? { ...env, DATA_DIR: undefined } : env);
  const period = fullHours(periodOf(options, io));
  const selector = await resolveSelector(options.selector, env);
  if (parseChoice('--unit', options.unit, ['request', 'token'] as const) === 'token') {
    const url = prometheusUrl(options.prometheusUrl ?? config.PROMETHEUS_URL);
    if (options.prometheus === undefined)
      throw cliError('OPTIONS_MISSING', { reason: '--unit token needs the rate of tokens', hint: 'pass --prometheus' });
    return measureTokens({ selector, query: options.prometheus, url, period }, api ?? config, options.json, io);
  }
  const { service } = options;
  if (service === undefined)
    throw cliError('OPTIONS_MISSING', { reason: 'a profile needs a name', hint: 'pass --service' });
  const requests = await requestsOf(options, options.prometheusUrl ?? config.PROMETHEUS_URL, period);
  const { namespace } = selector;
  const use = api
    ? await recordedUse(await hourlyFromApi(api, namespace, period), selector, period)
    : await withHistory(config, (history) => recordedUse(history.hourly({ namespace }, period), selector, period));
  const profile = measuredProfile(service, use, requests, period);
  if (options.saveTo !== undefined) await saveProfile(options.saveTo, profile);
  io.out(options.json ? `${JSON.stringify(profile, null, 2)}\n` : textTable(COLUMNS, [profile]));
  if (options.saveTo !== undefined)
    io.note(`Saved in ${options.saveTo}; use it with --services ${options.saveTo} or SERVICES_FILE.`);
}

async function requestsOf(
  { requests, prometheus }: MeasureOptions,
  url: string | undefined,
  period: TimeRange,
): Promise<number> {
  if ((requests === undefined) === (prometheus === undefined))
    throw cliError('OPTIONS_MISSING', {
      reason: 'the number of requests is needed exactly once',
      hint: 'pass either --requests or --prometheus',
    });
  if (prometheus === undefined) return Number(requests);
  return Math.round(await queryPrometheus(prometheusUrl(url), prometheus, period));
}

function prometheusUrl(url: string | undefined): string {
  if (url !== undefined) return url;
  throw cliError('OPTIONS_MISSING', {
    reason: '--prometheus needs the address of Prometheus',
    hint: 'pass --prometheus-url or set PROMETHEUS_URL',
  });
}

function periodOf({ from, to }: MeasureOptions, io: Io): TimeRange {
  if (from === undefined && to === undefined) return parsePeriod('last-24h', io.clock.now());
  if (from !== undefined && to !== undefined) return rangeOf(from, to);
  throw cliError('OPTIONS_MISSING', {
    reason: 'a period needs both --from and --to',
    hint: `add ${from === undefined ? '--from' : '--to'}`,
  });
}
