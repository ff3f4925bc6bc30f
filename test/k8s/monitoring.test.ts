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

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets: readonly { readonly expr: string; readonly refId: string }[];
  readonly gridPos: { readonly x: number; readonly w: number };
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const rules = (parse(readFileSync(join(PROMETHEUS, 'rules.yaml'), 'utf8')).groups as { rules: Rule[] }[]).flatMap(
  (group) => group.rules,
);
const dashboards = readdirSync(GRAFANA)
  .filter((file) => file.endsWith('.json'))
  .map((file): Dashboard => JSON.parse(readFileSync(join(GRAFANA, file), 'utf8')));

describe('what Grafana and Prometheus are given', () => {
  it('asks only for metrics and labels that the code exports', () => {
    const known = exported();
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
    const expressions = [
      ...rules.map(({ expr }) => expr),
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
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

  it('has what dashboard-linter asks of a dashboard: templated data source, job and instance, described panels, no fixed window', () => {
    const problems: string[] = [];
    let checked = 0;
    for (const { uid, panels, templating } of dashboards) {
      const names = templating.list.map(({ name }) => name);
      for (const name of ['datasource', 'cluster', 'job', 'instance'])
        if (!names.includes(name)) problems.push(`${uid} has no variable ${name}`);
      const byNamespace = panels.filter(({ targets }) => targets.some(({ expr }) => /by \([^)]*namespace/.test(expr)));
      for (const { title, targets } of byNamespace)
        if (!names.includes('namespace') || !targets.every(({ expr }) => expr.includes('namespace=~"$namespace"')))
          problems.push(`${uid}: panel "${title}" is by namespace and follows no variable`);
      for (const { title, description, datasource, fieldConfig, targets } of panels) {
        if (!title || !description) problems.push(`${uid}: panel "${title}" has no title or no description`);
        if (fieldConfig?.defaults?.unit === undefined) problems.push(`${uid}: panel "${title}" has no unit`);
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
        if (datasource?.uid !== '${datasource}') problems.push(`${uid}: panel "${title}" has a fixed data source`);
        for (const { expr } of targets) {
          checked += 1;
          const metrics = [...expr.matchAll(/carbon_[a-z0-9_]+(\{[^}]*\})?(\[[^\]]*\])?/g)];
          for (const [metric, matchers = '', range] of metrics) {
            if (
              !/job=~"\$job"/.test(matchers) ||
              !/instance=~"\$instance"/.test(matchers) ||
              !/cluster=~"\$cluster"/.test(matchers)
            )
              problems.push(`${uid}: ${metric} is not limited to cluster, job and instance`);
            if (/_total\{/.test(metric) && range === undefined) problems.push(`${uid}: ${metric} is a raw counter`);
            if (range !== undefined && !/^\[\$__(rate_interval|range)\]$/.test(range))
              problems.push(`${uid}: ${metric} has a fixed window`);
          }
        }
      }
    }

    expect(checked).toBeGreaterThan(30);
    expect(problems).toEqual([]);
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
      expect(panels.filter(({ targets }) => new Set(targets.map(({ refId }) => refId)).size < targets.length)).toEqual(
        [],
      );
    }
  });

  const promtool = optionalTool('promtool', 'the check of Prometheus rules');
  it.skipIf(promtool === undefined)('has rules that promtool takes, and that fire when they should', () => {
    const run = (...args: string[]) => execFileSync(promtool as string, args, { cwd: PROMETHEUS, encoding: 'utf8' });

    expect(run('check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(run('test', 'rules', 'rules.test.yaml')).toContain('SUCCESS');
  });
});

/** Names of every series that the processes export, with their labels. */
function exported(): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const { registry } of [createPollerMetrics(), createExtenderMetrics(), createApiMetrics()])
    for (const metric of registry.getMetricsAsArray() as unknown as Described[]) {
      const labels = metric.labelNames ?? [];
      known.set(metric.name, labels);
      if (metric.type !== 'histogram' && metric.buckets === undefined && metric.upperBounds === undefined) continue;
      known.set(`${metric.name}_bucket`, [...labels, 'le']);
      for (const ending of ['_sum', '_count']) known.set(metric.name + ending, labels);
    }
  return known;
}

interface Described {
  readonly name: string;
  readonly type?: unknown;
  readonly labelNames?: readonly string[];
  readonly buckets?: unknown;
  readonly upperBounds?: unknown;
}
