// Flow: violations of the rules of Grafana’s dashboard-linter, one of each kind, and a dashboard without any.
import { describe, expect, it } from 'vitest';
import { type Dashboard, dashboardIssues } from './dashboard-lint.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const LIMITED = 'cluster=~"$cluster", job=~"$job", instance=~"$instance"';
const COUNTERS = /_total$|_seconds_(bucket|sum|count)$/;

const variable = (name: string, allValue = '.+') => ({
  ...{ name, type: 'query', query: { query: 'x' }, definition: 'label_values(x, y)', datasource: SOURCE },
  ...{ multi: true, includeAll: true, allValue, refresh: 2 },
});
const panel = (expr: string) => ({
  ...{ id: 1, title: 'Power', description: 'Of all containers.', datasource: SOURCE, gridPos: { x: 0, w: 12 } },
  fieldConfig: { defaults: { unit: 'watt' } },
  targets: [{ expr, refId: 'A', datasource: SOURCE }],
});
const EXPRESSION = `sum by (zone) (rate(carbon_joules_total{${LIMITED}, zone=~"$zone"}[$__rate_interval]))`;
const PANEL = panel(EXPRESSION);
const GOOD: Dashboard = {
  uid: 'd',
  editable: false,
  panels: [PANEL],
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      ...[variable('cluster', '.*'), variable('job'), variable('instance'), variable('zone', '.*')],
    ],
  },
};
const issuesOf = (dashboard: Dashboard) => dashboardIssues(dashboard, (metric) => COUNTERS.test(metric));
const withPanel = (change: object): Dashboard => ({ ...GOOD, panels: [{ ...PANEL, ...change }] });
const withExpression = (expr: string) => withPanel({ targets: [{ expr, refId: 'A', datasource: SOURCE }] });
const withVariable = (wanted: string, change: object): Dashboard => ({
  ...GOOD,
  templating: { list: GOOD.templating.list.map((one) => (one.name === wanted ? { ...one, ...change } : one)) },
});

describe('dashboardIssues', () => {
  it('finds nothing in a dashboard that keeps every rule', () => {
    expect(issuesOf(GOOD)).toEqual([]);
  });

  it.each([
    ['a raw counter', `sum(carbon_joules_total{${LIMITED}})`, 'carbon_joules_total is a raw counter'],
    ['a raw counter alone', `carbon_joules_total{${LIMITED}}`, 'carbon_joules_total is a raw counter'],
    ['the last value of a counter', `last_over_time(carbon_joules_total{${LIMITED}}[$__range])`, 'is a raw counter'],
    ['a raw part of a histogram', `sum(carbon_call_seconds_count{${LIMITED}})`, 'carbon_call_seconds_count is a raw'],
    ['a rate of a gauge', `rate(carbon_lag{${LIMITED}}[$__rate_interval])`, 'carbon_lag is not a counter'],
    ['increase with a fixed window', `increase(carbon_joules_total{${LIMITED}}[1h])`, 'a fixed window [1h]'],
    ['rate with a fixed window', `rate(carbon_joules_total{${LIMITED}} [5m])`, 'a fixed window [5m]'],
    ['a fixed subquery', `max_over_time(sum(carbon_lag{${LIMITED}})[1d:1h])`, 'a fixed window [1d:1h]'],
    [
      'no limit to instances',
      'sum(carbon_lag{cluster=~"$cluster", job=~"$job"})',
      'carbon_lag is not limited to instance',
    ],
    ['no selector', 'sum(carbon_lag)', 'carbon_lag is not limited to job'],
    ['a fixed job', `sum(carbon_lag{${LIMITED.replace('=~"$job"', '="poller"')}})`, 'carbon_lag is not limited to job'],
    ['an unlimited second series', `${EXPRESSION} / carbon_lag`, 'carbon_lag is not limited to cluster'],
    ['a group that ignores its variable', `sum by (kind, zone) (carbon_lag{${LIMITED}})`, 'grouped by zone without'],
    ['an undefined variable', `sum(carbon_lag{${LIMITED}, pod=~"$pod"})`, 'variable pod is used and not defined'],
    ['nothing of ours', 'vector(1)', 'no metric of ours'],
  ])('finds %s', (_name, expression, issue) => {
    expect(issuesOf(withExpression(expression)).join('\n')).toContain(issue);
  });

  it.each([
    ['no unit', { fieldConfig: { defaults: {} } }, 'no unit'],
    ['no title', { title: ' ' }, 'no title or no description'],
    ['no description', { description: undefined }, 'no title or no description'],
    ['a fixed data source', { datasource: { type: 'prometheus', uid: 'prom-1' } }, 'a fixed data source'],
    ['no data source', { datasource: undefined }, 'a fixed data source'],
    ['no target', { targets: [] }, 'no target'],
    [
      'a target of another source',
      { targets: [{ ...PANEL.targets[0], datasource: { uid: 'x' } }] },
      'target A has a fixed',
    ],
    ['a target without a source', { targets: [{ expr: EXPRESSION, refId: 'B' }] }, 'target B has a fixed data source'],
  ])('finds a panel with %s', (_name, change, issue) => {
    expect(issuesOf(withPanel(change)).join('\n')).toContain(issue);
  });

  it.each([
    ['one value only', { multi: false }, 'variable zone is matched with =~ and selects one value only'],
    ['no All', { includeAll: undefined }, 'variable zone is matched with =~ and selects one value only'],
    ['a fixed data source', { datasource: { uid: 'prom-1' } }, 'variable zone has a fixed data source'],
    ['the values of its first load', { refresh: 1 }, 'variable zone is not refreshed with the time range'],
    ['no use', { name: 'region' }, 'variable region is not used'],
  ])('finds a variable with %s', (_name, change, issue) => {
    expect(issuesOf(withVariable('zone', change)).join('\n')).toContain(issue);
  });

  it.each(['cluster', 'job', 'instance'])('finds a dashboard without the variable %s, or with another All', (name) => {
    expect(issuesOf(withVariable(name, { name: 'other' }))).toContain(`d: there is no variable ${name}`);
    expect(issuesOf(withVariable(name, { allValue: 'x' })).join()).toContain(`variable ${name}: the value of "All"`);
  });

  it('finds a dashboard that is editable, or has no variable for its data source', () => {
    expect(issuesOf({ ...GOOD, editable: true })).toEqual(['d: the dashboard is editable']);
    expect(issuesOf(withVariable('datasource', { query: 'loki' }))).toEqual(['d: no variable selects the data source']);
    expect(issuesOf(withVariable('datasource', { name: 'source' }))).toEqual([
      'd: no variable selects the data source',
    ]);
  });
});
