import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startApiThread } from '../../../extender/api/api-thread.ts';
import { startNodeZones } from '../../../extender/api/node-zones.ts';
import { extenderConfigSchema } from '../../../extender/config.ts';
import { publishNodeZones } from '../../../extender/placement/node-zone-publisher.ts';
import type { NodeZonesMessage } from '../../../extender/placement/placement-link.ts';
import { joules } from '../../../shared/grid/units.ts';
import { type Zone, zone } from '../../../shared/grid/zones.ts';
import { loadConfig } from '../../../shared/runtime/config.ts';
import { capturedLog } from '../../captured-log.ts';
import { FakeClock } from '../../fake-clock.ts';
import { openSqliteNodeZones, openSqliteWriter } from '../../shared/store/opened-parts.ts';
import { temporaryFolder } from '../cache/cache-file.ts';

const configured = (node: string) => (node === 'mapped' ? zone('DE') : undefined);

describe('the zones of nodes', () => {
  it('outlive their nodes and the process, and win over the configuration', async () => {
    await using folder = await temporaryFolder();
    const logger = capturedLog();
    const start = (clock: FakeClock) =>
      startNodeZones({ store: openSqliteNodeZones(folder.path), configured, clock, logger });
    {
      await using first = start(new FakeClock());
      await first.receive(zones({ gone: 'FR', mapped: 'PL' }));
      await first.receive(zones({ mapped: 'PL' }));
    }

    await using second = start(new FakeClock('2026-01-02T00:00:00Z'));
    await expect.poll(() => second.zoneOf('gone')).toBe('FR');

    expect(['mapped', 'never'].map((node) => second.zoneOf(node))).toEqual(['PL', undefined]);
  });

  it('serve from memory while the store is away, which is said once, and are written when it is back', async () => {
    await using folder = await temporaryFolder();
    const clock = new FakeClock();
    const logger = capturedLog();
    const blocked = join(folder.path, 'blocked');
    await writeFile(blocked, '');
    await using known = startNodeZones({ store: openSqliteNodeZones(blocked), configured, clock, logger });

    await known.receive(zones({ a: 'FR' }));
    await clock.advance(120_000);
    const during = [known.zoneOf('a'), known.zoneOf('mapped')];
    await rm(blocked);
    await clock.advance(60_000);
    await using store = openSqliteNodeZones(blocked);

    await expect.poll(async () => (await store.nodeZones()).get('a')).toBe('FR');
    expect(during).toEqual(['FR', 'DE']);
    expect(logger.at('warn')).toHaveLength(1);
  });

  it('price emissions of a node that only its own object places; others stay unknown with the reason', async () => {
    await using folder = await temporaryFolder();
    await fill(folder.path);
    const env = {
      DATA_DIR: folder.path,
      API_PORT: '0',
      API_HOST: '127.0.0.1',
      CACHE_FILE: join(folder.path, 'c.json'),
    };
    await using api = await startApiThread(loadConfig('extender', extenderConfigSchema, env), capturedLog());
    const rows = async () => {
      const query = 'window=2026-01-01T10:00:00Z,2026-01-01T11:00:00Z&aggregate=node';
      const answer = await fetch(`http://127.0.0.1:${api.port}/api/emissions?${query}`).then((got) => got.text());
      return answer;
    };

    api.post({ kind: 'node-zones', zones: zones({ placed: 'FR' }) });

    await expect.poll(rows).toContain('"FR"');
    expect(await rows()).toContain('the zone of node elsewhere is not known');
    expect(await rows()).not.toContain('the zone of node placed is not known');
  });
});

describe('telling the zones of nodes', () => {
  it('waits for the first list and for a listener, and then tells only changes, and all again now and then', async () => {
    const clock = new FakeClock();
    const state = { version: 1, age: undefined as number | undefined, listens: false };
    const sent: NodeZonesMessage[] = [];
    const nodes = {
      labelled: () => zones({ a: 'FR' }),
      ageMs: () => state.age,
      get version() {
        return state.version;
      },
    };
    const post = (message: NodeZonesMessage) => state.listens && sent.push(message) > 0;
    await using _teller = publishNodeZones(nodes, post, { clock, logger: capturedLog() });
    const counts: number[] = [];
    const wait = async (ms: number) => {
      await clock.advance(ms);
      counts.push(sent.length);
    };

    state.listens = true;
    await wait(10_000);
    state.age = 0;
    await wait(10_000);
    await wait(60_000);
    state.version = 2;
    await wait(10_000);
    await wait(310_000);

    expect(counts).toEqual([0, 1, 1, 2, 3]);
    expect(sent[0]?.zones.get('a')).toBe('FR');
  });
});

function zones(pairs: Readonly<Record<string, string>>): ReadonlyMap<string, Zone> {
  return new Map(Object.entries(pairs).map(([node, code]) => [node, zone(code)]));
}

async function fill(folder: string): Promise<void> {
  await using store = openSqliteWriter(folder);
  const start = Date.parse('2026-01-01T10:00:00Z');
  for (const node of ['placed', 'elsewhere']) {
    const container = { namespace: 'shop', pod: `web-${node}`, container: 'app', node };
    await store.append({ target: node, samples: [{ container, start, end: start + 60_000, joules: joules(600) }] });
  }
}
