// Flow: Grafana dashboards and Prometheus rules against the metrics of the code.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApiMetrics } from '../../extender/api/api-metrics.ts';
import { createExtenderMetrics } from '../../extender/metrics.ts';
import { createPollerMetrics } from '../../poller/metrics.ts';
import { ROOT } from '../laws/sources.ts';
import { type Dashboard, dashboardIssues } from './dashboard-lint.ts';
import { optionalTool } from './tools.ts';

const GRAFANA = join(ROOT, 'k8s/grafana');
const PROMETHEUS = join(ROOT, 'k8s/prometheus');

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: { readonly summary: string; readonly description: string };
}
/** Labels that Prometheus adds to every series of a target. */
const TARGET_LABELS = new Set(['cluster', 'job', 'instance']);

const rules = (parse(readFileSync(join(PROMETHEUS, 'rules.yaml'), 'utf8')).groups as { rules: Rule[] }[]).flatMap(
  (group) => group.rules,
);
const dashboards = readdirSync(GRAFANA)
  .filter((file) => file.endsWith('.json'))
  .map((file): Dashboard => JSON.parse(readFileSync(join(GRAFANA, file), 'utf8')));

describe('what Grafana and Prometheus are given', () => {
  it('asks only for metrics and labels that the code exports', () => {
    const { known } = exported();
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
    const expressions = [
      ...rules.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))),
      ...dashboards.flatMap(({ templating }) => templating.list.flatMap(({ definition }) => definition ?? [])),
    ];

    const unknown: string[] = [];
    let checked = 0;
    for (const expression of expressions)
      for (const [name = ''] of expression.matchAll(/[a-z]+:carbon_[a-z0-9_:]+|carbon_[a-z0-9_]+/g)) {
        checked += 1;
        if (!recorded.has(name) && !known.has(name)) unknown.push(`${name} in ${expression}`);
      }
    for (const expression of expressions)
      for (const [, metric = '', matchers = ''] of expression.matchAll(/(carbon_[a-z0-9_]+)\{([^}]*)\}/g))
        for (const [, label = ''] of matchers.matchAll(/([a-z_]+)[=!]/g))
          if (!TARGET_LABELS.has(label) && !known.get(metric)?.includes(label) && !recorded.has(metric))
            unknown.push(`${metric} has no label ${label}`);

    expect(checked).toBeGreaterThan(40);
    expect(unknown).toEqual([]);
  });

  it('has dashboards as dashboard-linter wants them', () => {
    const { counters } = exported();
    const metrics = JSON.stringify(dashboards).match(/carbon_[a-z0-9_]+/g) ?? [];

    expect(metrics.filter((name) => counters.has(name)).length).toBeGreaterThan(10);
    expect(dashboards.flatMap((dashboard) => dashboardIssues(dashboard, (name) => counters.has(name)))).toEqual([]);
  });

  it('alerts on every failure that makes the service useless, with a summary and a description', () => {
    const alerts = rules.filter(({ alert }) => alert !== undefined);

    expect(alerts.map(({ alert }) => alert)).toEqual(
      expect.arrayContaining([
        ...[
          'CarbonIngestionFailing',
          'CarbonDataStale',
          'CarbonHighIntensity',
          'CarbonWebhookSlow',
          'CarbonReadingsLag',
        ],
      ]),
    );
    for (const { labels, annotations } of alerts) {
      expect(labels?.severity).toMatch(/^(info|warning|critical)$/);
      expect(annotations?.summary.length).toBeGreaterThan(10);
      expect(annotations?.description.length).toBeGreaterThan(10);
    }
  });

  it('has dashboards with ids of their own, whose panels fit the grid', () => {
    expect(dashboards).toHaveLength(2);
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(2);
    for (const { panels } of dashboards) {
      expect(panels.length).toBeGreaterThan(8);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(panels.filter(({ gridPos }) => gridPos.x + gridPos.w > 24)).toEqual([]);
      expect(
        panels.filter(({ targets = [] }) => new Set(targets.map(({ refId }) => refId)).size < targets.length),
      ).toEqual([]);
    }
  });

  const promtool = optionalTool('promtool', 'the check of Prometheus rules');
  it.skipIf(promtool === undefined)('has rules that promtool takes, and that fire when they should', () => {
    const run = (...args: string[]) => execFileSync(promtool as string, args, { cwd: PROMETHEUS, encoding: 'utf8' });

    expect(run('check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(run('test', 'rules', 'rules.test.yaml')).toContain('SUCCESS');
  });
});

/** Names of every series that the processes export, with their labels, and those that only ever grow. */
function exported(): { known: Map<string, readonly string[]>; counters: ReadonlySet<string> } {
  const known = new Map<string, readonly string[]>();
  const counters = new Set<string>();
  for (const { registry } of [createPollerMetrics(), createExtenderMetrics(), createApiMetrics()])
    for (const metric of registry.getMetricsAsArray() as unknown as Described[]) {
      const labels = metric.labelNames ?? [];
      known.set(metric.name, labels);
      if (metric.type === 'counter') counters.add(metric.name);
      if (metric.type !== 'histogram' && metric.buckets === undefined && metric.upperBounds === undefined) continue;
      known.set(`${metric.name}_bucket`, [...labels, 'le']);
      for (const ending of ['_sum', '_count']) known.set(metric.name + ending, labels);
      for (const ending of ['_bucket', '_sum', '_count']) counters.add(metric.name + ending);
    }
  return { known, counters };
}

interface Described {
  readonly name: string;
  readonly type?: unknown;
  readonly labelNames?: readonly string[];
  readonly buckets?: unknown;
  readonly upperBounds?: unknown;
}
