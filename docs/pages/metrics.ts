import type { Registry } from 'prom-client';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createExtenderMetrics } from '../../extender/metrics.ts';
import { createPollerMetrics } from '../../poller/metrics.ts';

/** The page of all metrics, from the registries that hold them. */
export async function metricsPage(): Promise<string> {
  return [
    '# Metrics',
    '',
    'Generated from the code by `npm run docs`. Base units: seconds, joules, watts, bytes, grams of CO2 equivalent.',
    'Each process also exports the usual `process_*` and `nodejs_*` metrics.',
    '',
    ...(await section('Poller', 'POLLER_PORT', createPollerMetrics().registry)),
    ...(await section('Extender, scheduler port', 'EXTENDER_PORT', createExtenderMetrics().registry)),
    ...(await section('Extender, API port', 'API_PORT', createApiMetrics().registry)),
  ].join('\n');
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly labelNames?: readonly string[];
}

async function section(title: string, port: string, registry: Registry): Promise<string[]> {
  const metrics = (registry.getMetricsAsArray() as unknown as Described[]).filter(
    ({ name }) => !/^(process|nodejs)_/.test(name),
  );
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  const rows = metrics
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, help, labelNames = [] }) =>
        `| \`${name}\` | ${types.get(name)} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    );
  return [`## ${title} (\`${port}\`)`, '', '| metric | type | labels | meaning |', '|---|---|---|---|', ...rows, ''];
}
