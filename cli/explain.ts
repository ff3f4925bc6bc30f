import { Command } from 'commander';
import { z } from 'zod';
import { cliError } from './errors.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { type Column, textTable } from './table.ts';

/** Timeout of the request, in milliseconds; the extender responds from memory. */
const TIMEOUT_MS = 5_000;

const candidate = z.object({
  node: z.string(),
  zone: z.string().nullable(),
  carbon_intensity: z.number().nullable(),
  quality: z.string().nullable(),
  /** Absent from an extender before 0.1.0. */
  signal: z.string().nullable().default(null),
  age_seconds: z.number().nullable(),
  watts_per_core: z.number().nullable(),
  score: z.number().nullable(),
  refused: z.string().nullable(),
});

const podExplanation = z.object({
  pod: z.string(),
  owner: z.string().nullable(),
  mode: z.string(),
  decided_at: z.string(),
  node: z.string().nullable(),
  reason: z.string(),
  ignored_annotations: z.array(z.string()),
  candidates_mean: z.number().nullable(),
  candidates: z.array(candidate),
});

type PodExplanation = z.output<typeof podExplanation>;

const COLUMNS: readonly Column<z.output<typeof candidate>>[] = [
  { title: 'Node', cell: ({ node }) => node },
  { title: 'Zone', cell: ({ zone }) => zone ?? '-' },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => shown(row.carbon_intensity) },
  { title: 'Quality', cell: ({ quality }) => quality ?? '-' },
  { title: 'Signal', cell: ({ signal }) => signal ?? '-' },
  { title: 'Age s', align: 'right', cell: (row) => shown(row.age_seconds) },
  { title: 'W/core', align: 'right', cell: (row) => shown(row.watts_per_core) },
  { title: 'Score', align: 'right', cell: (row) => shown(row.score) },
  { title: 'Rejected because', cell: ({ refused }) => refused ?? '' },
];

/** `carbon explain`: why a pod was placed on its node. */
export function explainCommand(io: Io): Command {
  return new Command('explain')
    .argument('<pod>', 'namespace/name, or a name in the namespace "default"')
    .description('Explain why a pod was placed on its node: candidate nodes, their zones and scores')
    .option('--extender <url>', 'scheduler port of the extender', 'http://127.0.0.1:8888')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Queries the running extender, which keeps the newest 2000 pods. From outside the cluster:
  kubectl -n carbon-extender port-forward deploy/carbon-aware-scheduler 8888
${examples('carbon explain shop/web-6c9f7', "carbon explain shop/web-6c9f7 --json | jq '.candidates[0]'")}`,
    )
    .action(async (pod: string, options: { extender: string; json?: boolean }) => {
      const found = await fetchExplanation(options.extender, pod);
      io.out(options.json ? `${JSON.stringify(found, null, 2)}\n` : page(found));
    });
}

async function fetchExplanation(extender: string, pod: string): Promise<PodExplanation> {
  const url = URL.parse(`/explain?pod=${encodeURIComponent(pod)}`, extender);
  if (url === null) throw unreachable(extender, 'not a URL');
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause: Error) => {
    throw unreachable(extender, String(cause.cause ?? cause.message));
  });
  const body: unknown = await response.json().catch(() => undefined);
  const { error } = (body ?? {}) as { error?: unknown };
  if (typeof error === 'string' && !response.ok) throw cliError('NO_EXPLANATION', { reason: error });
  const parsed = podExplanation.safeParse(body);
  if (!parsed.success) throw unreachable(extender, `status ${response.status}, not a response of the extender`);
  return parsed.data;
}

function unreachable(url: string, reason: string): Error {
  return cliError('EXTENDER_UNREACHABLE', { url, reason });
}

function page(found: PodExplanation): string {
  const owner = found.owner === null ? '' : ` of ${found.owner}`;
  const mean = found.candidates_mean === null ? 'unknown' : `${found.candidates_mean} gCO2/kWh`;
  const ignored = found.ignored_annotations.map((text) => `ignored annotation  ${text}\n`).join('');
  return `${found.pod}${owner}, mode ${found.mode}, decided ${found.decided_at}
node                ${found.node ?? 'not known yet'}
reason              ${found.reason}
candidates' mean    ${mean}
${ignored}
${textTable(COLUMNS, found.candidates)}`;
}

function shown(value: number | null): string {
  return value === null ? '-' : String(value);
}
