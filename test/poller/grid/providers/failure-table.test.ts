// Flow: what each fault of each provider leaves in cache, store, log and metrics.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CachedRegion } from '../../../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../../../shared/grid/carbon-cache-decode.ts';
import { zone } from '../../../../shared/grid/zones.ts';
import type { Fault, GridService } from '../../../doubles/grid-service.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { type PollCycles, startPollCycles } from '../poll-cycles.ts';
import { configOf, faultsOf, SUBJECTS, type Subject } from './subjects.ts';

/** A good poll cycle, the fault seven minutes later (longer than a response is reused), and the fault still there eleven minutes after that: the TTL is ten. */
const STEPS_MS = [7 * 60_000, 11 * 60_000];
const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-15T12:10:00Z');

/** One line of the table: what a fault leaves in the cache, the store, the log and the metrics. */
interface Cell {
  readonly fault: Fault | 'none';
  readonly cache: string;
  readonly later: string;
  readonly store: number;
  readonly log: string;
  readonly metrics: string;
}

let folder: string;
const table = new Map<string, Cell[]>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SUBJECTS.map((subject) => [subject.title, subject] as const))('%s', (title, subject) => {
  let double: GridService;
  beforeAll(async () => {
    double = await subject.start({ [subject.place]: subject.value });
  });
  afterAll(() => double[Symbol.asyncDispose]());

  it.each(['none', ...faultsOf(subject)] as const)(
    '%s leaves nothing behind that the provider did not return',
    async (fault) => {
      const index = table.get(title)?.length ?? 0;
      const cell = await play(subject, double, fault, new FakeClock(START + index * DAY_MS));

      table.set(title, [...(table.get(title) ?? []), cell]);
      expect(cell.cache).toMatch(fault === 'none' ? /^new \d/ : /^(kept from before|yearly average)$/);
      expect(cell.later).toMatch(fault === 'none' ? /^new \d/ : /^(gone|yearly average)$/);
      expect(cell.store).toBe(fault === 'none' ? 1 : 0);
      expect(cell.log).not.toBe('');
    },
  );
});

describe('the failure table', () => {
  it('is as written down', async () => {
    const lines = [...table].flatMap(([title, cells]) => [
      `## ${title}`,
      '',
      '| fault | cache after 7 minutes | after the TTL | rows stored | log | metrics |',
      '|---|---|---|---|---|---|',
      ...cells.map((cell) => `| ${Object.values(cell).join(' | ')} |`),
      '',
    ]);
    const text = ['# What each fault of each provider leaves behind', '', ...lines].join('\n');

    expect(table.size).toBe(SUBJECTS.length);
    await expect(text).toMatchFileSnapshot('golden/failure-table.md');
  });
});

async function play(subject: Subject, double: GridService, fault: Cell['fault'], clock: FakeClock): Promise<Cell> {
  const file = join(folder, `${double.url.split(':')[2]?.replace('/v4', '')}-${fault}.json`);
  double.now = () => clock.now();
  double.faults.clear();
  const config = configOf(subject, double.url, {
    CACHE_FILE: file,
    GRID_PROVIDERS: `${subject.provider},yearly-average`,
    GRID_FORECAST: 'no',
    GRID_BACKFILL: 'no',
  });
  const cycles = await startPollCycles(config, clock, { attempts: 1 });
  await cycles.poll();
  const region = () => cached(file, subject.zone);
  if (region()?.provider !== subject.provider) throw new Error('the poll cycle before the fault failed');
  if (fault !== 'none') double.faults.set('*', fault);
  const [first = 0, second = 0] = STEPS_MS;
  await clock.advance(first);
  const before = { stored: cycles.stored.length, lines: cycles.log.lines.length, metrics: await counters(cycles) };

  await cycles.poll();

  const cache = describeRegion(region(), clock.now());
  const cell = {
    fault,
    cache,
    store: cycles.stored.length - before.stored,
    log: describeLog(cycles.log.lines.slice(before.lines)),
    metrics: changed(before.metrics, await counters(cycles)),
  };
  await clock.advance(second);
  const { written } = await cycles.poll();
  const later = written.length === 0 ? 'gone' : describeRegion(region(), clock.now());
  return { fault: cell.fault, cache, later, store: cell.store, log: cell.log, metrics: cell.metrics };
}

function cached(file: string, code: string): CachedRegion | undefined {
  const read = decodeCarbonCache(readFileSync(file, 'utf8'));
  return 'kind' in read ? undefined : read.regions.get(zone(code));
}

function describeRegion(region: CachedRegion | undefined, now: number): string {
  if (!region) return 'gone';
  if (region.quality === 'yearly-average') return 'yearly average';
  return region.fetchedAt === now ? `new ${region.carbonIntensity} ${region.quality}` : 'kept from before';
}

/** Levels with what they are about; the line about the file is the same in every cell. */
function describeLog(lines: PollCycles['log']['lines']): string {
  const failures = lines.filter(({ fields }) => fields.reason !== undefined);
  const texts = failures.map(
    ({ level, fields }) => `${level} ${fields.reason}${fields.status ? ` ${fields.status}` : ''}`,
  );
  return [...new Set(texts)].join(', ') || 'info';
}

async function counters(cycles: PollCycles): Promise<Map<string, number>> {
  const lines = [
    ...(await cycles.metric('carbon_poller_grid_requests_total{')),
    ...(await cycles.metric('carbon_poller_grid_http_requests_total{')),
    ...(await cycles.metric('carbon_poller_grid_requests_not_sent_total{')),
  ];
  return new Map(
    lines.map((line) => {
      const [, name, labels, value] = /^carbon_poller_grid_(\w+)_total\{(.*)\} (\d+)$/.exec(line) ?? [];
      const about = [...(labels ?? '').matchAll(/(provider|outcome|status|reason)="([^"]*)"/g)].map(
        ([, , text]) => text,
      );
      return [`${name?.replace('_requests', '').replace('requests', 'attempts')} ${about.join(' ')}`, Number(value)];
    }),
  );
}

function changed(before: Map<string, number>, after: Map<string, number>): string {
  return [...after]
    .filter(([name, value]) => value !== (before.get(name) ?? 0))
    .map(([name, value]) => `${name} +${value - (before.get(name) ?? 0)}`)
    .join(', ');
}
