import { Command } from 'commander';
import { z } from 'zod';
import { CalculatorError } from '../shared/calculator/error.ts';
import { Unavailable } from './faults.ts';
import { examples } from './help.ts';
import type { Io } from './io.ts';
import { type Column, textTable } from './table.ts';

/** How long the extender may take, in milliseconds; it answers from memory. */
const ANSWER_MS = 5_000;

const candidate = z.object({
  node: z.string(),
  zone: z.string().nullable(),
  carbon_intensity: z.number().nullable(),
  quality: z.string().nullable(),
  age_seconds: z.number().nullable(),
  watts_per_core: z.number().nullable(),
  score: z.number().nullable(),
  refused: z.string().nullable(),
});

const explanation = z.object({
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

type Explanation = z.output<typeof explanation>;

const COLUMNS: readonly Column<z.output<typeof candidate>>[] = [
  { title: 'Node', cell: ({ node }) => node },
  { title: 'Zone', cell: ({ zone }) => zone ?? '-' },
  { title: 'gCO2/kWh', align: 'right', cell: (row) => shown(row.carbon_intensity) },
  { title: 'Quality', cell: ({ quality }) => quality ?? '-' },
  { title: 'Age s', align: 'right', cell: (row) => shown(row.age_seconds) },
  { title: 'W/core', align: 'right', cell: (row) => shown(row.watts_per_core) },
  { title: 'Score', align: 'right', cell: (row) => shown(row.score) },
  { title: 'Refused', cell: ({ refused }) => refused ?? '' },
];

/** `carbon explain`: why a pod stands where it stands. */
export function explainCommand(io: Io): Command {
  return new Command('explain')
    .argument('<pod>', 'namespace/name; a name alone is one of the namespace default')
    .description('Tells why a pod was placed where it was: its candidate nodes, their zones and scores')
    .option('--extender <url>', 'scheduler port of the extender', 'http://127.0.0.1:8888')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Asks the running extender, which remembers the newest 2000 pods. From outside the cluster:
  kubectl -n carbon-extender port-forward deploy/carbon-aware-scheduler 8888
${examples('carbon explain shop/web-6c9f7', "carbon explain shop/web-6c9f7 --json | jq '.candidates[0]'")}`,
    )
    .action(async (pod: string, options: { extender: string; json?: boolean }) => {
      const found = await ask(options.extender, pod);
      io.out(options.json ? `${JSON.stringify(found, null, 2)}\n` : page(found));
    });
}

async function ask(extender: string, pod: string): Promise<Explanation> {
  const url = URL.parse(`/explain?pod=${encodeURIComponent(pod)}`, extender);
  if (url === null) throw new Unavailable(`--extender: "${extender}" is not an address`);
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) }).catch((cause: Error) => {
    throw new Unavailable(
      `no extender answers at ${extender} (${String(cause.cause ?? cause.message)}); see --extender`,
    );
  });
  const body: unknown = await answer.json().catch(() => undefined);
  const { error } = (body ?? {}) as { error?: unknown };
  if (typeof error === 'string' && !answer.ok) throw new CalculatorError('no-data', error);
  const parsed = explanation.safeParse(body);
  if (!parsed.success) throw new Unavailable(`what answers at ${extender} is no extender (status ${answer.status})`);
  return parsed.data;
}

function page(found: Explanation): string {
  const owner = found.owner === null ? '' : ` of ${found.owner}`;
  const mean = found.candidates_mean === null ? 'unknown' : `${found.candidates_mean} gCO2/kWh`;
  const ignored = found.ignored_annotations.map((text) => `ignored annotation  ${text}\n`).join('');
  return `${found.pod}${owner}, mode ${found.mode}, decided ${found.decided_at}
node                ${found.node ?? 'not known yet'}
why                 ${found.reason}
candidates' mean    ${mean}
${ignored}
${textTable(COLUMNS, found.candidates)}`;
}

function shown(value: number | null): string {
  return value === null ? '-' : String(value);
}
