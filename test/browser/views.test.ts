// Flow: the views of the dashboard in Chromium, with keyboard, themes and narrow screens.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { energy, grams, number } from '../../extender/dashboard/format.js';
import { HOUR_MS } from '../../shared/grid/units.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { HAS_CHROMIUM, openPage, picture, settled } from './chromium.ts';
import { HOSTILE, startWorld, ZONES } from './world.ts';

const VIEWS = ['now', 'time', 'emissions', 'scheduling', 'sites'] as const;
const CLEANER = 'electricity will be 31.4 % cleaner then';
const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(!HAS_CHROMIUM)('the dashboard', { timeout: 120_000 }, () => {
  it.each(['measured', 'simulated'] as const)(
    'shows every view on %s data without errors, within its origin',
    async (quality) => {
      await using world = await startWorld({ quality });
      await using open = await openPage();

      for (const view of VIEWS) {
        await open.page.goto(`${world.url}/?view=${view}`);
        await settled(open.page);
        await picture(open.page, `${view}-${quality}`);
        expect(await open.page.locator('h1').textContent()).toBe(view[0]?.toUpperCase() + view.slice(1));
        expect(await open.page.locator('.failed').count()).toBe(0);
        expect(await open.page.locator('.banner .simulated').count()).toBe(quality === 'simulated' ? 1 : 0);
      }

      expect(open.faults).toEqual([]);
      expect(open.asked.length).toBeGreaterThan(20);
      expect(open.asked.filter((url) => !url.startsWith(`${world.url}/`))).toEqual([]);
    },
  );

  it('ranks zones as the API does', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(world.url);
    await settled(open.page);

    const { zones } = await world.get('/api/grid');
    const shown = await rowsOf(open.page, 'Zones by carbon intensity');
    expect(zones.map(({ zone }: { zone: string }) => zone)).toEqual(Object.keys(ZONES));
    expect(shown.map((cells) => cells[0])).toEqual(
      zones.map(({ rank, zone }: { rank: number; zone: string }) => `${rank} ${zone}`),
    );
    expect(shown.map((cells) => cells[1])).toEqual(
      zones.map((one: { intensity_g_per_kwh: number }) => number(one.intensity_g_per_kwh)),
    );
    expect(await open.page.locator('#decided').textContent()).toContain('9 pods placed');
  });

  it('adds up emissions as the API does, and saves what it shows', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=emissions&by=pod&zone=PL`);
    await settled(open.page);
    const download = open.page.waitForEvent('download');
    await open.page.locator('#csv').click();
    const csv = readFileSync(await (await download).path(), 'utf8')
      .trim()
      .split('\r\n');

    const { data } = await world.get('/api/emissions?window=24h&aggregate=pod');
    const elsewhere = await world.get('/api/emissions?window=24h&aggregate=pod&zone=PL');
    const shown = await rowsOf(open.page, 'Emissions by pod');
    expect(shown).toHaveLength(5);
    for (const [name = '', gram, kwh, , inPoland] of shown) {
      expect([name, kwh, gram]).toEqual([name, energy(data[0][name].kwh), grams(data[0][name].grams)]);
      expect(inPoland).toBe(grams(elsewhere.data[0][name].grams));
    }
    expect(shown.at(-1)?.slice(0, 3)).toEqual(['lost/stray', '–', '0.6 kWh']);
    expect(csv).toHaveLength(6);
    expect(csv[1]?.split(',')[4]).toBe(String(data[0][shown[0]?.[0] ?? ''].grams));
  });

  it('shows energy of GPUs, and the bounds of what is modelled', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.route('**/api/emissions?*', async (route) => {
      const body = await (await route.fetch()).json();
      for (const row of body.data.flatMap((piece: object) => Object.values(piece)))
        Object.assign(row, {
          ...{ power_quality: 'modelled', kwh_low: 0.9 * row.kwh, kwh_high: 1.2 * row.kwh },
          ...{ gpu_joules: row.kwh * 1_800_000, embodied_grams: row.kwh * 10 },
        });
      await route.fulfill({ json: body });
    });

    await open.page.goto(`${world.url}/?view=emissions`);
    await settled(open.page);

    const totals = await open.page.locator('[aria-label=Totals]').textContent();
    const [first] = await rowsOf(open.page, 'Emissions by namespace');
    await open.page.selectOption('#select-show', 'gpu');
    await settled(open.page);
    const onGpus = await open.page.locator('#emissions h2').textContent();
    await open.page.selectOption('#select-show', 'embodied');
    await settled(open.page);
    const embodied = await rowsOf(open.page, 'Totals of each step');
    const { data } = await world.get('/api/emissions?window=24h&accumulate=true');
    const rows: { kwh: number; grams: number | null }[] = Object.values(data[0]);
    const [kwh, gram] = [rows.map((row) => row.kwh), rows.map((row) => row.grams ?? 0)].map((all) =>
      all.reduce((sum, value) => sum + value, 0),
    );
    expect(totals).toContain('50 % of the energy');
    expect(totals).toContain(`Embodied${grams((kwh ?? 0) * 10)}`);
    const row = data[0][first?.[0] ?? ''];
    expect(first?.[1]).toBe(`${grams(row.grams)}${grams(row.grams * 0.9)} to ${grams(row.grams * 1.2)}`);
    expect(first?.[2]).toBe(`${energy(row.kwh)}${energy(row.kwh * 0.9)} to ${energy(row.kwh * 1.2)}`);
    expect(first?.slice(4, 6)).toEqual([energy(row.kwh / 2), grams(row.kwh * 10)]);
    expect(onGpus).toBe('Energy on GPUs over time');
    expect(embodied.some(([, figure]) => figure?.endsWith(' g'))).toBe(true);
    expect(totals).toContain(`${energy((kwh ?? 0) * 0.9)} to ${energy((kwh ?? 0) * 1.2)}`);
    expect(totals).toContain(`${grams((gram ?? 0) * 0.9)} to ${grams((gram ?? 0) * 1.2)} CO2e`);
  });

  it('keeps the choice about idle energy in the URL, and requests it', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(`${world.url}/?view=emissions&by=node`);
    await settled(open.page);

    open.asked.length = 0;
    await open.page.selectOption('#select-idle-energy', 'shared');
    await settled(open.page);
    const shared = open.asked.filter((url) => url.includes('/api/emissions'));
    await open.page.selectOption('#select-idle-energy', 'row');
    await settled(open.page);

    expect(shared.length).toBeGreaterThan(1);
    expect(shared.every((url) => url.includes('shareIdle=true'))).toBe(true);
    expect(new URL(open.page.url()).searchParams.get('idle')).toBe('row');
    expect(open.asked.findLast((url) => url.includes('/api/emissions'))).toContain('includeIdle=true');
    expect(open.faults).toEqual([]);
  });

  it.each(['now', 'emissions'])('names the nodes whose energy has no grams, and what to do (%s)', async (view) => {
    await using world = await startWorld();
    await using open = await openPage();
    const nodes = Array.from({ length: 11 }, (_, at) => (at === 0 ? HOSTILE[0] : `node-${at}`));

    await open.page.goto(`${world.url}/?view=${view}`);
    await settled(open.page);
    const one = await open.page.locator('#unpriced .notice').textContent();
    await open.page.route('**/api/status', async (route) => {
      const body = await (await route.fetch()).json();
      await route.fulfill({ json: { ...body, unpriced_nodes: nodes } });
    });
    await open.page.reload();
    await settled(open.page);
    const many = await open.page.locator('#unpriced .notice').textContent();
    await open.page.unrouteAll({ behavior: 'wait' });
    await open.page.route('**/api/status', (route) => route.fulfill({ status: 500, body: 'broken' }));
    const broken = open.page.waitForResponse('**/api/status');
    await open.page.reload();
    await broken;
    await settled(open.page);

    expect((await world.get('/api/status')).unpriced_nodes).toEqual(['node-nowhere']);
    expect(one).toBe(
      'Energy of 1 node has no grams. The grid zone of node-nowhere is not known. Label it with carbon-extender.io/zone, or set ZONE_MAP or DEFAULT_ZONE.',
    );
    expect(many).toContain(`Energy of 11 nodes has no grams. The grid zone of ${HOSTILE[0]}, node-1, `);
    expect(many).toContain('node-7 and 3 more is not known. Label them');
    // Where the status cannot be read, the page does without the notice.
    expect(await open.page.locator('#unpriced .notice').count()).toBe(0);
    expect(await open.page.locator('.failed').count()).toBe(0);
    expect(open.faults).toEqual([]);
  });

  it('shows the best windows of the forecast and where nothing is known', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=time&zone=DE&hours=6`);
    await settled(open.page);

    const { zones } = await world.get('/api/forecast?hours=6');
    const means = zones
      .map((one: { best: { mean_g_per_kwh: number } }) => one.best.mean_g_per_kwh)
      .sort((a: number, b: number) => a - b);
    const shown = await rowsOf(open.page, 'Best window of 6 hours');
    expect(shown.map((cells) => cells[3])).toEqual(means.map((mean: number) => number(mean)));
    expect(await open.page.locator('canvas').count()).toBe(1);
    expect(await open.page.locator('td.heat').count()).toBe(5 * 48);
    // The zone without forecast has no hours ahead.
    expect(await open.page.locator('tr:has-text("SE") td.heat.unknown').count()).toBe(24);
  });

  it('shows savings by baseline, the negative ones too, and budgets as the API has them', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=scheduling`);
    await settled(open.page);

    const day = new Date(systemClock.now() - 24 * HOUR_MS).toISOString();
    const { totals } = await world.get(`/api/savings?start_time=${day}`);
    const { budgets } = await world.get('/api/budgets');
    const savings = await rowsOf(open.page, 'Savings by baseline');
    const lost = await rowsOf(open.page, 'Pods that emitted more');
    const burnt = await rowsOf(open.page, 'Budgets with');
    expect(totals).toHaveLength(1);
    expect(savings[0]?.slice(1, 2)).toEqual([grams(totals[0].saved_grams)]);
    expect(savings[0]?.slice(5, 7)).toEqual(['2', '1']);
    expect(lost.map(([pod]) => pod)).toEqual(['nightly-reportbatch']);
    expect(burnt.map(([, used]) => used)).toEqual(budgets.map((one: { used_gCO2e: number }) => grams(one.used_gCO2e)));
  });

  it('shows waiting work with its plan and reason, and says when waiting is switched off', async () => {
    await using world = await startWorld();
    await using idle = await startWorld({ empty: true });
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=scheduling`);
    await settled(open.page);
    const shown = await rowsOf(open.page, 'Waiting pods and Jobs');
    const note = await open.page.locator('#waiting .note').textContent();
    const lanes = await open.page.locator('.timeline .lane:not(.scale)').count();
    const pieces = await open.page
      .locator('.lane-track .piece')
      .evaluateAll((all) => all.map((piece) => piece.className));
    await open.page.goto(`${idle.url}/?view=scheduling`);
    await settled(open.page);

    const { waiting } = await world.get('/api/waiting');
    const text = (iso: string) => iso.slice(5, 16).replace('T', ' ');
    expect(shown.map((cells) => cells.slice(2))).toEqual([
      ...[[`${text(waiting[0].planned_start)}FR`, text(waiting[0].deadline), '31.4 %', CLEANER]],
      ...[['no plan yet', text(waiting[1].deadline), '–', 'waiting for a forecast to plan with']],
      [
        ...[`${text(waiting[2].planned_start)}FR`, text(waiting[2].deadline), '31.4 %'],
        `paused since ${text(waiting[2].paused_since)}, which saves 31.4 %`,
      ],
    ]);
    expect(lanes).toBe(3);
    expect(pieces).toEqual(['piece planned', 'piece ran', 'piece planned']);
    expect(note).toContain('3 of 4');
    expect(await open.page.locator('#waiting').textContent()).toContain('Waiting is switched off');
  });

  it('sends a reading from the form and shows what is wrong with an invalid one', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    const send = async (watts: string) => {
      await open.page.fill('#site-id', 'berlin');
      await open.page.fill('#device-id', 'meter-1');
      await open.page.fill('#watts', watts);
      await open.page.click('#reading button');
      await open.page.waitForSelector('#reading-outcome.success, #reading-outcome.error');
      return open.page.locator('#reading-outcome').textContent();
    };

    await open.page.goto(`${world.url}/?view=sites`);
    await settled(open.page);
    const accepted = await send('412.5');
    const refused = await send('-5');

    expect(accepted).toBe('Accepted: 412.5 W of meter-1 at berlin.');
    expect(refused).toContain('power_reading');
    await open.page.waitForSelector('#site table');
    expect((await rowsOf(open.page, 'Newest readings'))[0]?.slice(0, 2)).toEqual(['meter-1', '412.5']);
    expect(await world.get('/sites/berlin/readings')).toHaveLength(1);
  });

  it('requests a token and keeps it in the tab only', async () => {
    await using world = await startWorld({ token: 'secret-of-the-test' });
    await using open = await openPage();

    await open.page.goto(world.url);
    await open.page.fill('#token-input', 'wrong');
    await open.page.keyboard.press('Enter');
    await open.page.waitForSelector('text=The API rejected that token.');
    await open.page.fill('#token-input', 'secret-of-the-test');
    await open.page.keyboard.press('Enter');
    await settled(open.page);

    expect(await open.page.locator('tbody tr').count()).toBeGreaterThan(4);
    expect(await open.page.evaluate('localStorage.length')).toBe(0);
    expect(open.page.url()).not.toContain('secret');
    await open.page.waitForSelector('.live.connected');
  });

  it.each([
    ['light', false],
    ['dark', true],
  ] as const)('has no serious accessibility violation in the %s theme', async (theme, dark) => {
    await using world = await startWorld({ quality: 'simulated' });
    await using open = await openPage({ dark });

    const found: string[] = [];
    for (const view of VIEWS) {
      await open.page.goto(`${world.url}/?view=${view}${view === 'sites' ? '&site=berlin' : ''}`);
      await settled(open.page);
      if (dark) await picture(open.page, `${view}-${theme}`);
      await open.page.evaluate(AXE);
      const result = (await open.page.evaluate('axe.run()')) as AxeResult;
      expect(result.passes.length).toBeGreaterThan(10);
      for (const { id, impact, nodes } of result.violations)
        if (impact === 'serious' || impact === 'critical') found.push(`${view}: ${id}: ${nodes[0]?.html}`);
    }

    expect(found).toEqual([]);
  });
});

interface AxeResult {
  readonly passes: readonly unknown[];
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** The texts of a table's cells, found by the beginning of its caption. */
async function rowsOf(page: Page, caption: string): Promise<string[][]> {
  return page
    .locator('table', { has: page.locator('caption', { hasText: caption }) })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
}
