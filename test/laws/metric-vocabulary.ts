/** A metric as its registry describes it. */
export interface DescribedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly values: readonly { readonly labels: Readonly<Record<string, string | number | undefined>> }[];
}

/** The labels that metrics of the project have. `reason`: why; `outcome`: how a call ended. */
export const LABELS: ReadonlySet<string> = new Set([
  ...[
    'reason',
    'outcome',
    'state',
    'verb',
    'method',
    'route',
    'status',
    'stream',
    'consumer',
    'version',
    'node_version',
  ],
  ...[
    'zone',
    'region',
    'provider',
    'signal',
    'quality',
    'source',
    'hours_ahead',
    'kind',
    'name',
    'per',
    'node',
    'namespace',
  ],
  ...['certificate', 'port', 'model', 'task', 'le', 'code', 'component', 'type', 'mode', 'annotation'],
]);

/** What of a metric is not of the vocabulary: labels, label values that are not kebab-case, counters without `_total`, help without a text. */
export function outsideVocabulary({ name, help, type, labelNames, values }: DescribedMetric): string[] {
  const labels = labelNames.filter((label) => !LABELS.has(label)).map((label) => `${name}: label ${label}`);
  const free = new Set([
    'zone',
    'region',
    'route',
    'version',
    'node_version',
    'method',
    'le',
    'model',
    'name',
    'node',
    'namespace',
    'code',
    'consumer',
  ]);
  const worded = values.flatMap((value) =>
    Object.entries(value.labels)
      .filter(
        ([label, text]) => !free.has(label) && text !== undefined && !/^[a-z0-9]+([-_][a-z0-9]+)*$/.test(String(text)),
      )
      .map(([label, text]) => `${name}: ${label}="${text}"`),
  );
  const counted = type === 'counter' && !name.endsWith('_total') ? [`${name}: a counter without _total`] : [];
  const totals = type !== 'counter' && name.endsWith('_total') ? [`${name}: _total, but a ${type}`] : [];
  return [...labels, ...worded, ...counted, ...totals, ...(help.trim() === '' ? [`${name}: no help`] : [])];
}
