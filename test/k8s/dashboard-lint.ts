/** What is looked at of a Grafana dashboard. */
export interface Dashboard {
  readonly uid: string;
  readonly editable?: boolean;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

/** A panel, with its place in a grid of 24 columns. */
export interface Panel {
  readonly id: number;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly Target[];
  readonly gridPos: { readonly x: number; readonly w: number };
}

interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource?: DataSource;
}

interface Variable {
  readonly name: string;
  readonly type?: string;
  readonly query?: unknown;
  readonly definition?: string;
  readonly datasource?: DataSource;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
}

interface DataSource {
  readonly type?: string;
  readonly uid?: string;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const SOURCE = '${datasource}';
/** Variables that every expression follows. A series without a cluster label is of the only cluster, so `.*` has to match it. */
const TARGET_VARIABLES: Readonly<Record<string, string>> = { cluster: '.*', job: '.+', instance: '.+' };
const WINDOW = /^\[\$__(rate_interval|range|interval)(:(\$__(rate_interval|interval))?)?\]$/;
/** On a change of the time range. */
const REFRESH = 2;

/**
 * What a dashboard violates of the rules of Grafana's dashboard-linter, and of two of our own: a panel follows the variable
 * of the label that it groups by, and a variable in a regular expression selects several values.
 * @param isCounter whether a series only ever grows: counters, and the parts of histograms
 */
export function dashboardIssues(dashboard: Dashboard, isCounter: (metric: string) => boolean): string[] {
  const issues = [
    ...(dashboard.editable === false ? [] : ['the dashboard is editable']),
    ...variableIssues(dashboard),
    ...dashboard.panels.flatMap((panel) => panelIssues(panel, dashboard, isCounter)),
  ];
  return issues.map((issue) => `${dashboard.uid}: ${issue}`);
}

function variableIssues({ templating: { list }, panels }: Dashboard): string[] {
  const source = list.find(({ name }) => name === 'datasource');
  const issues =
    source?.type === 'datasource' && source.query === 'prometheus' ? [] : ['no variable selects the data source'];
  for (const [name, all] of Object.entries(TARGET_VARIABLES)) {
    const variable = list.find((one) => one.name === name);
    if (variable === undefined) issues.push(`there is no variable ${name}`);
    else if (variable.allValue !== all) issues.push(`variable ${name}: the value of "All" is not ${all}`);
  }
  const expressions = [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...list.flatMap(({ definition }) => definition ?? []),
  ];
  for (const variable of list.filter(({ type }) => type === 'query')) {
    const { name, datasource, multi, includeAll, refresh } = variable;
    if (datasource?.uid !== SOURCE) issues.push(`variable ${name} has a fixed data source`);
    if (refresh !== REFRESH) issues.push(`variable ${name} is not refreshed with the time range`);
    const isMatched = expressions.some((expression) => variablesMatched(expression).includes(name));
    if (isMatched && !(multi && includeAll))
      issues.push(`variable ${name} is matched with =~ and selects one value only`);
    if (!isMatched) issues.push(`variable ${name} is not used`);
  }
  const defined = new Set(list.map(({ name }) => name));
  for (const name of new Set(expressions.flatMap(variablesMatched)))
    if (!defined.has(name)) issues.push(`variable ${name} is used and not defined`);
  return issues;
}

function variablesMatched(expression: string): string[] {
  return [...expression.matchAll(/=~"\$\{?(\w+)\}?"/g)].map(([, name = '']) => name);
}

function panelIssues(panel: Panel, dashboard: Dashboard, isCounter: (metric: string) => boolean): string[] {
  const { title, description, datasource, fieldConfig, targets = [] } = panel;
  const issues: string[] = [];
  if (!title?.trim() || !description?.trim()) issues.push('no title or no description');
  if (!fieldConfig?.defaults?.unit) issues.push('no unit');
  if (datasource?.uid !== SOURCE) issues.push('a fixed data source');
  if (targets.length === 0) issues.push('no target');
  for (const target of targets) {
    if (target.datasource?.uid !== SOURCE) issues.push(`target ${target.refId} has a fixed data source`);
    issues.push(...expressionIssues(target.expr, isCounter), ...groupingIssues(target.expr, dashboard));
  }
  return issues.map((issue) => `panel "${title}": ${issue}`);
}

/** Windows, counters, and the labels that every series is selected by. */
function expressionIssues(expression: string, isCounter: (metric: string) => boolean): string[] {
  const issues = [...expression.matchAll(/\[[^\]]*\]/g)]
    .filter(([window]) => !WINDOW.test(window))
    .map(([window]) => `a fixed window ${window}`);
  const series = [...expression.matchAll(/(?:(\w+)\s*\(\s*)?\b(carbon_[a-z0-9_]+)(\{[^}]*\})?\s*(\[)?/g)];
  if (series.length === 0) issues.push('no metric of ours');
  for (const [, call = '', metric = '', matchers = '', window] of series) {
    for (const name of Object.keys(TARGET_VARIABLES))
      if (!matchers.includes(`${name}=~"$${name}"`)) issues.push(`${metric} is not limited to ${name}`);
    const isGrowth = /^(rate|irate|increase)$/.test(call) && window !== undefined;
    if (isCounter(metric) && !isGrowth) issues.push(`${metric} is a raw counter`);
    if (!isCounter(metric) && /^(rate|irate|increase)$/.test(call)) issues.push(`${metric} is not a counter`);
  }
  return issues;
}

/** A panel by namespace shows the selected namespaces: it follows the variable of each label that it groups by. */
function groupingIssues(expression: string, { templating: { list } }: Dashboard): string[] {
  const grouped = [...expression.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/\s*,\s*/));
  return list
    .filter(({ name }) => grouped.includes(name) && !expression.includes(`${name}=~"$${name}"`))
    .map(({ name }) => `grouped by ${name} without following the variable`);
}
