import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, joules } from '../../shared/grid/units.ts';
import type { Container } from '../../shared/records/power.ts';
import { ROOT } from '../laws/sources.ts';
import { findProgram } from '../servers/available.ts';
import { type PrometheusServer, startPrometheus } from '../servers/prometheus.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone } from './history.ts';
import { expectedOf, pageCommands } from './reports-page.ts';
import { run, temporaryFolder } from './run.ts';

const NINE = Date.parse('2026-03-15T09:00:00Z');
const folder = temporaryFolder();
const env = { DATA_DIR: folder.path, ZONE_MAP: 'g1=DE' };
const vllm: Container = { namespace: 'llm', pod: 'vllm-0', container: 'server', node: 'g1' };
const other: Container = { ...vllm, pod: 'vllm-1' };
const promtool = findProgram('promtool');
const PERIOD = ['--from', '2026-03-15T09:00:00Z', '--to', '2026-03-15T12:00:00Z'];

let prometheus: PrometheusServer;

/** Tokens a second by model and pod, for each of three hours: none in the last. */
const RATES = [
  ['llama', 'vllm-0', [10, 20, 0]],
  ['mistral', 'vllm-0', [30, 0, 0]],
  ['llama', 'vllm-1', [5, 5, 0]],
] as const;

beforeAll(async () => {
  await using store = openSqliteWriter(folder.path);
  for (let hour = 0; hour < 3; hour += 1) {
    const span = { start: NINE + hour * HOUR_MS, end: NINE + (hour + 1) * HOUR_MS };
    await store.append({
      target: 't',
      samples: [
        { container: vllm, ...span, joules: joules(360_000) },
        { container: { ...vllm, device: 'gpu' }, ...span, joules: joules(1_080_000) },
        { container: other, ...span, joules: joules(180_000) },
      ],
    });
    if (hour < 2) await store.record([hourOfZone('DE', span.start, 100 * (hour + 1))]);
  }
  await store.record([hourOfZone('DE', NINE + 2 * HOUR_MS, 500)]);
  if (promtool === undefined) return;
  const metrics = join(folder.path, 'tokens.om');
  writeFileSync(metrics, openMetrics());
  mkdirSync(join(folder.path, 'prometheus', 'data'), { recursive: true });
  execFileSync(promtool, [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    metrics,
    join(folder.path, 'prometheus', 'data'),
  ]);
  prometheus = await startPrometheus(join(folder.path, 'prometheus'), []);
}, 60_000);

afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Counters every 30 s from ten minutes before the first hour on, as vLLM exposes them. */
function openMetrics(): string {
  const lines = ['# TYPE vllm:generation_tokens counter'];
  for (const [model, pod, rates] of RATES) {
    let total = 0;
    for (let second = -600; second <= 3 * 3600; second += 30) {
      lines.push(`vllm:generation_tokens_total{model_name="${model}",pod="${pod}"} ${total} ${NINE / 1000 + second}`);
      total += 30 * (rates[Math.floor(second / 3600)] ?? 0);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

async function measured(query: string, ...options: string[]) {
  const address = ['--prometheus-url', prometheus.url];
  const args = ['services', 'measure', '--unit', 'token', '--selector', 'llm/vllm', '--prometheus', query, ...PERIOD];
  return run([...args, ...address, ...options], env);
}

describe.skipIf(promtool === undefined)('carbon services measure --unit token, against a real Prometheus', () => {
  it('joins tokens with the energy of their pods, by model and hour', async () => {
    const { out, notes } = await measured(
      'sum by (model_name, pod) (rate(vllm:generation_tokens_total[$interval]))',
      '--json',
    );
    const { functional_unit: unit, hours, models, total, idle_joules: idle } = JSON.parse(out);

    expect([notes, unit]).toEqual(['', expect.stringContaining('SCI for AI')]);
    // Nine o'clock: vllm-0 used 1.44 MJ for 36,000 and 108,000 tokens, vllm-1 0.18 MJ for 18,000.
    const [llama, mistral] = hours;
    expect([llama.model, llama.hour, mistral.model]).toEqual(['llama', '2026-03-15T09:00:00.000Z', 'mistral']);
    expect(llama.tokens / 54_000).toBeCloseTo(1, 1);
    expect(llama.joules).toBeCloseTo(0.25 * 1_440_000 + 180_000, -4);
    expect(llama.gpu_joules).toBeCloseTo(0.25 * 1_080_000, -4);
    expect(mistral.joules_per_1k_tokens).toBeCloseTo(10_000, -2);
    expect(mistral.grams_per_1k_tokens).toBeCloseTo((10_000 / 3_600_000) * 100, 2);
    expect(hours.filter(({ hour }: { hour: string }) => hour.includes('T11:'))).toEqual([]);
    expect(models.map(({ model }: { model: string }) => model)).toEqual(['llama', 'mistral']);
    expect(idle).toBeCloseTo(1_620_000, -4);
    expect(total.joules).toBeCloseTo(3 * 1_620_000, -2);
  });

  it('shares energy by tokens where they are not counted by pod', async () => {
    const { out } = await measured('sum by (model_name) (rate(vllm:generation_tokens_total[$interval]))', '--json');

    const [llama] = JSON.parse(out).hours;
    expect(llama.joules).toBeCloseTo((54 / 162) * 1_620_000, -4);
  });

  it('takes increases as well as rates, and one sum for all models', async () => {
    const rate = JSON.parse((await measured('sum(rate(vllm:generation_tokens_total[1h]))', '--json')).out);
    const increase = JSON.parse((await measured('sum(increase(vllm:generation_tokens_total[1h]))', '--json')).out);

    expect(rate.hours[0].model).toBe('all models');
    expect(increase.total.tokens).toBeCloseTo(rate.total.tokens, 3);
  });

  it('prints what docs/reports.md shows', async () => {
    const page = readFileSync(join(ROOT, 'docs/reports.md'), 'utf8');
    const shown = pageCommands(page).find(({ text }) => text.startsWith('carbon services measure'));

    const { out } = await measured('sum by (model_name, pod) (rate(vllm:generation_tokens_total[$interval]))');

    expect(out.trimEnd()).toMatch(expectedOf(shown?.output ?? 'nothing'));
  });

  it('prints a table with the totals of models and of everything', async () => {
    const { out, notes } = await measured('sum by (model_name) (rate(vllm:generation_tokens_total[$interval]))');

    expect(out).toMatch(/Model +Hour \(UTC\) +Tokens +J per 1k +gCO2e per 1k +GPU J/);
    expect(out).toMatch(/\nall +all +/);
    expect(notes).toContain('SCI for AI: a generated token');
  });

  it.each([
    [['sum by (model_name'], '[PROMETHEUS_QUERY_FAILED]'],
    [['absent_metric'], '[PROMETHEUS_NO_NUMBER]'],
  ])('of %j says what is wrong', async ([query = ''], code) => {
    const ran = await measured(query);

    expect(ran).toMatchObject({ code: 1, notes: expect.stringContaining(code) });
  });
});

describe('carbon services measure', () => {
  it('needs a query for tokens, and a name for a profile', async () => {
    const tokens = await run(
      ['services', 'measure', '--unit', 'token', '--selector', 'llm/vllm', '--prometheus-url', 'http://x'],
      env,
    );
    const profile = await run(['services', 'measure', '--selector', 'llm/vllm', '--requests', '1'], env);

    expect(tokens).toMatchObject({ code: 1, notes: expect.stringContaining('--unit token needs the rate of tokens') });
    expect(profile).toMatchObject({ code: 1, notes: expect.stringContaining('a profile needs a name') });
  });
});
