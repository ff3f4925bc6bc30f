// Flow: a statement of a month, verified from the store, the API and its kept rows; any changed row is found.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gramsPerKwh, joules } from '../../shared/grid/units.ts';
import { zone } from '../../shared/grid/zones.ts';
import type { StatementRow } from '../../shared/statement/rows.ts';
import { start, web } from '../extender/api/start-api.ts';
import { openSqliteWriter } from '../shared/store/opened-parts.ts';
import { hourOfZone } from './history.ts';
import { run, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const contracts = join(folder.path, 'contracts.yaml');
const job = { namespace: 'batch', pod: 'job-0', container: 'app', node: 'n2' };
const KWH = 3_600_000;
const month = ['statement', '--month', '2026-01'];
const inFolder = (name: string) => join(folder.path, name);

let api: Awaited<ReturnType<typeof start>>;
let env: Record<string, string>;

beforeAll(async () => {
  writeFileSync(
    contracts,
    'contracts: [{ name: wind, kind: ppa, zone: DE, from: 2026-01-01, to: 2027-01-01, mwh_per_hour: 0.001, grams_per_kwh: 5 }]',
  );
  // 350.64 kg over four years are 10 g an hour.
  const machines = { PUE: 'n1=1.2,n2=1.5', EMBODIED_KG: 'n1=350.64' };
  api = await start(undefined, undefined, undefined, { CONTRACTS_FILE: contracts, ...machines });
  env = { DATA_DIR: api.folder, ZONE_MAP: 'n1=DE,n2=FR', CONTRACTS_FILE: contracts, ...machines };
  for (const hour of [-5, -4, -2, -1]) {
    await api.hour(
      hour,
      [web, 2 * KWH],
      [job, KWH / 3],
      [{ ...web, device: 'gpu' }, KWH / 2],
      [{ ...web, node: 'n9' }, KWH / 7],
    );
    await api.intensity('DE', hour, 300 + hour);
    if (hour !== -2) await api.intensity('FR', hour, 50.1);
  }
  await api.decide({
    ...{ uid: 'u1', namespace: 'shop', pod: 'web-0', ownerKind: null, ownerName: null, node: 'n1', zone: zone('DE') },
    ...{ intensity: gramsPerKwh(299), quality: 'measured', intensityAgeMs: 0, candidates: 2, candidateZones: null },
    ...{ candidatesMean: gramsPerKwh(350), candidatesWorst: gramsPerKwh(400), candidatesBest: gramsPerKwh(299) },
    ...{ mode: 'enforce', arrivedAt: null, releasedAt: null, latestStart: null },
    ...{ decidedAt: Date.parse('2026-01-01T10:00:00Z'), boundAt: Date.parse('2026-01-01T10:00:00Z') },
  });
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function statementFile(name: string, ...args: string[]): Promise<string> {
  const file = inFolder(name);
  const made = await run([...month, '--output', file, ...args], { ...env });
  expect(made.notes).toBe('');
  return file;
}

/** The time of the tests' command line is in March; the API's is the first of January. */
describe('a statement', () => {
  it('has totals in both scopes, coverage, factors with their source, savings, and what is missing', async () => {
    const { out } = await run([...month, '--format', 'json', '--namespace', 'shop'], env);
    const statement = JSON.parse(out);

    expect(statement).toMatchObject({
      namespace: 'shop',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-02-01T00:00:00.000Z',
    });
    expect(statement.energy.kwh).toBeCloseTo(4 * (2 + 1 / 2 + 1 / 7), 6);
    expect(statement.energy.gpu_kwh).toBeCloseTo(2, 6);
    // 2.5 kWh at 295, 296, 298 and 299.
    expect(statement.scope_2.location_based.grams).toBeCloseTo(2.5 * (295 + 296 + 298 + 299), 3);
    expect(statement.scope_2.location_based.unknown_kwh).toBeCloseTo(4 / 7, 6);
    // One of 2.5 kWh of each hour at 5.
    expect(statement.scope_2.market_based.grams).toBeCloseTo(1.5 * (295 + 296 + 298 + 299) + 4 * 5, 3);
    expect(statement.scope_2.market_based.rest).toEqual(['location-based']);
    expect(statement.coverage).toMatchObject({ hours: 744, hours_with_power: 4 });
    expect(statement.factors).toEqual([
      expect.objectContaining({ zone: 'DE', source: 'test', hours: 4, qualities: ['measured'] }),
    ]);
    expect(statement.missing.join('\n')).toContain('power of 740 of 744 hours');
    expect(statement.missing.join('\n')).toContain('grid zone of the nodes of 0.571 kWh');
    expect(statement.savings).toMatchObject([{ baseline: 'candidates-mean', pods: 1 }]);
    expect(statement.savings[0].difference_grams).toBeGreaterThan(0);
  });

  it('has the energy of the building and the making of machines beside scope 2, with sources and what is not known', async () => {
    const all = JSON.parse((await run([...month, '--format', 'json'], env)).out);
    const shop = JSON.parse((await run([...month, '--format', 'json', '--namespace', 'shop'], env)).out);
    const text = (await run([...month, '--namespace', 'shop'], env)).out;

    expect(all.facility.kwh).toBeCloseTo(4 * (2.5 * 1.2 + 1.5 / 3), 6);
    expect(all.facility.unknown_kwh).toBeCloseTo(4 / 7, 6);
    expect(all.embodied.grams).toBeCloseTo(4 * 10, 9);
    expect(all.embodied.unknown_kwh).toBeCloseTo(4 * (1 / 3 + 1 / 7), 6);
    expect(shop.embodied).toEqual({ grams: all.embodied.grams, unknown_kwh: expect.closeTo(4 / 7, 6) });
    expect(all.machines).toEqual([
      { figure: 'embodied', source: 'EMBODIED_KG of n1', nodes: 1, value: expect.closeTo(40, 9) },
      { figure: 'pue', source: 'PUE of n1', nodes: 1, value: 1.2 },
      { figure: 'pue', source: 'PUE of n2', nodes: 1, value: 1.5 },
    ]);
    expect(shop.missing.join('\n')).toContain('PUE of the buildings of 0.571 kWh');
    expect(text).toMatch(/Energy of the facility, by PUE +\| 12\.000 kWh \(0\.571 kWh without a PUE\)/);
    expect(text).toMatch(/Embodied \(scope 3: the making of the machines\) +\| 40\.000 gCO2e/);
  });

  it('with another PUE than it was made with differs, and says where', async () => {
    const file = await statementFile('pue.json', '--format', 'json');

    const { code, notes } = await run(['statement', 'verify', file], { ...env, PUE: '1.3' });

    expect(code).toBe(1);
    expect(notes).toContain('2026-01-01.machines_sha256');
    expect(notes).toContain('facility.kwh: stated 14, computed');
    expect(notes).not.toContain('energy_sha256');
  });

  it('says attributional difference and never that emissions were avoided', async () => {
    const { out } = await run(month, env);

    expect(out).toContain('## Savings, as attributional differences');
    expect(out).toMatch(/not emissions avoided in the grid/);
  });

  it.each([
    ['markdown', 'all.md'],
    ['json', 'all.json'],
    ['html', 'all.html'],
  ])('as %s verifies from the store', async (format, name) => {
    const file = await statementFile(name, '--format', format);

    const { code, out, notes } = await run(['statement', 'verify', file], env);

    expect([code, notes]).toEqual([0, '']);
    expect(out).toMatch(/^verified: 2026-01, all namespaces; sha256 [0-9a-f]{64}\n$/);
  });

  it('as HTML is one page for paper, without scripts or other files, whatever names are in it', async () => {
    const html = readFileSync(
      await statementFile('print.html', '--format', 'html', '--namespace', '</script><b>'),
      'utf8',
    );

    expect(html).toContain('@page { size: A4');
    expect(html).not.toMatch(/<b>|src=|https?:|<link/);
  });

  it('of the API, whose month is not over, verifies from the API and from its store', async () => {
    const file = inFolder('api.json');

    const made = await run([...month, '--namespace', 'shop', '--format', 'json', '--output', file], {
      CARBON_API: api.url,
    });
    const fromStore = await run(['statement', 'verify', file], env);
    const fromApi = await run(['statement', 'verify', file], { CARBON_API: api.url });

    expect([made.code, made.notes]).toEqual([0, '']);
    expect(JSON.parse(readFileSync(file, 'utf8')).to).toBe('2026-01-01T12:00:00.000Z');
    expect([fromStore.notes, fromApi.notes]).toEqual(['', '']);
  });

  it('finds whatever is changed in the file', async () => {
    const file = await statementFile('changed.json', '--format', 'json');
    const statement = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...statement, energy: { ...statement.energy, kwh: 1 } }));

    const { code, notes } = await run(['statement', 'verify', file], env);

    expect(code).toBe(1);
    expect(notes).toContain('[STATEMENT_DIFFERS]');
    expect(notes).toContain('seal (the file was changed after it was made)');
    expect(notes).toContain('energy.kwh: stated 1, computed 11.9');
  });

  it('says whether factors are of the life cycle or direct, and finds where that is changed', async () => {
    using other = temporaryFolder();
    await using changed = openSqliteWriter(other.path);
    const hour = Date.parse('2026-01-01T10:00:00Z');
    const facts = { zone: zone('DE'), hour, carbonIntensity: gramsPerKwh(300), provider: 'test' };
    const record = (emissionFactorType: 'lifecycle' | 'direct') =>
      changed.record([{ ...facts, signal: 'average', quality: 'measured', emissionFactorType }]);
    await changed.append({
      target: 't',
      samples: [{ container: web, start: hour, end: hour + 60_000, joules: joules(KWH) }],
    });
    await record('lifecycle');
    const settings = { DATA_DIR: other.path, ZONE_MAP: 'n1=DE' };
    const file = join(other.path, 'made.json');
    await run([...month, '--format', 'json', '--output', file], settings);

    const before = await run(['statement', 'verify', file], settings);
    await record('direct');
    const after = await run(['statement', 'verify', file], settings);

    expect(JSON.parse(readFileSync(file, 'utf8')).factors).toMatchObject([{ source: 'test (lifecycle)' }]);
    expect(before.code).toBe(0);
    expect(after.notes).toContain('factors.0.source: stated "test (lifecycle)", computed "test (direct)"');
  });

  it('finds a record that came later, and says on which day', async () => {
    const file = await statementFile('later.json', '--format', 'json');
    const copy = inFolder('copy');
    mkdirSync(copy);
    cpSync(api.folder, copy, { recursive: true });
    {
      await using store = openSqliteWriter(copy);
      await store.record([hourOfZone('FR', Date.parse('2026-01-01T10:00:00Z'), 61)]);
    }

    const { code, notes } = await run(['statement', 'verify', file], { ...env, DATA_DIR: copy });

    expect(code).toBe(1);
    expect(notes).toMatch(/2026-01-01\.factors_sha256: stated "[0-9a-f]+", computed "[0-9a-f]+"/);
    expect(notes).toContain('scope_2.location_based.grams');
    expect(notes).not.toContain('seal (');
    expect(notes).not.toContain('energy_sha256');
  });

  it('verifies from its kept rows alone, and finds any row that is changed, taken out or added', async () => {
    const kept = inFolder('rows.jsonl');
    const file = await statementFile('kept.json', '--format', 'json', '--rows', kept);
    const lines = readFileSync(kept, 'utf8').trimEnd().split('\n');
    const changed = inFolder('changed.jsonl');
    const verify = async (rows: readonly string[]) => {
      writeFileSync(changed, rows.map((row) => `${row}\n`).join(''));
      return run(['statement', 'verify', file, '--rows', changed], {});
    };

    expect(lines.length).toBeGreaterThan(20);
    expect(await verify(lines)).toMatchObject({ code: 0, notes: '' });
    expect(
      (await verify(lines.toReversed().sort((a, b) => Number(a.includes('saving')) - Number(b.includes('saving')))))
        .code,
    ).toBe(0);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(lines.length - 1),
        fc.nat(),
        fc.constantFrom('change', 'remove', 'repeat'),
        async (at, field, how) => {
          const row = lines[at] as string;
          const replaced = how === 'remove' ? [] : how === 'repeat' ? [row, row] : [withChange(row, field)];

          const { code, notes } = await verify(lines.toSpliced(at, 1, ...replaced));

          expect([code, notes.includes('[STATEMENT_DIFFERS]') || notes.includes('[FILE_INVALID]')]).toEqual([1, true]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['2027-05', 'is not a month that has begun'],
    ['May', 'is not a month that has begun'],
  ])('of %s is refused', async (value, message) => {
    const { code, notes } = await run(['statement', '--month', value], env);

    expect([code, notes]).toEqual([1, expect.stringContaining(message)]);
  });

  it('is not in any other file', async () => {
    const file = inFolder('other.md');
    writeFileSync(file, '# nothing\n');

    const { code, notes } = await run(['statement', 'verify', file], env);

    expect([code, notes]).toEqual([1, expect.stringContaining('has no statement in it')]);
  });
});

/** The row with one of its fields changed by as little as its kind has. */
function withChange(text: string, which: number): string {
  const row = JSON.parse(text) as StatementRow & Record<string, unknown>;
  const fields = Object.keys(row).filter((name) => name !== 'row');
  const field = fields[which % fields.length] as string;
  const value = row[field];
  const next =
    typeof value === 'number'
      ? value * (1 + 1e-9) + 1e-9
      : value === null
        ? 'DE'
        : field === 'hour'
          ? shifted(String(value))
          : `${value}x`;
  return JSON.stringify({ ...row, [field]: next });
}

function shifted(hour: string): string {
  return new Date(Date.parse(hour) + KWH).toISOString();
}
