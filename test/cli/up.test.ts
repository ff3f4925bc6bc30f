import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { demoZones } from '../../cli/demo.ts';
import { inFolder, localSettings } from '../../cli/up.ts';
import { spawn } from '../children.ts';
import { ROOT } from '../laws/sources.ts';

/** Runs `carbon` to its end, as a process, with a data folder that does not exist yet. */
async function carbon(args: readonly string[], env: Record<string, string> = {}) {
  const folder = join(mkdtempSync(join(tmpdir(), 'up-')), 'data');
  const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], {
    env: { DATA_DIR: folder, EXTENDER_PORT: '0', API_PORT: '0', POLLER_PORT: '0', ...env },
    timeout: 60_000,
  });
  const [out, faults, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, out, faults, wrote: existsSync(folder) };
}

describe('carbon up', { timeout: 60_000 }, () => {
  it('names the faults of both programs before either starts or writes', async () => {
    const ran = await carbon(['up'], { API_PORT: 'abc', POLL_INTERVAL_MINUTES: '0' });

    expect(ran).toMatchObject({ code: 1, out: '', wrote: false });
    expect(ran.faults).toContain('API_PORT: "abc" is not a whole number from 0 to 65535');
    expect(ran.faults).toContain('POLL_INTERVAL_MINUTES: "0" is not a number above 0');
  });

  it('refuses one port for two programs', async () => {
    const ran = await carbon(['up'], { API_PORT: '5999', POLLER_PORT: '5999' });

    expect(ran).toMatchObject({ code: 1, out: '', wrote: false });
    expect(ran.faults).toContain('two of POLLER_PORT, EXTENDER_PORT and API_PORT are the same');
  });

  it('tells which setting to change when a port is taken, and does not take whoever has it for its own', async () => {
    // Answers everything, as another `carbon up` would.
    const taken = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const ran = await carbon(['up'], { POLLER_PORT: String(port) });

    expect(ran).toMatchObject({ code: 1, out: '', wrote: false });
    expect(ran.faults).toContain(`port ${port} on 127.0.0.1 is taken by another program`);
    expect(ran.faults).toContain('set POLLER_PORT to a free port');
    taken.close();
  });

  it('says where the options stand when one is wrong, at every depth', async () => {
    const wrong = await Promise.all([carbon(['up', '--nonsense']), carbon(['budget', 'list', '--nonsense'])]);

    for (const { code, faults } of wrong) {
      expect(code).toBe(1);
      expect(faults).toContain("unknown option '--nonsense'");
      expect(faults).toContain('(add --help for the options)');
    }
  });

  it('asks about nodes in the zones that are followed', () => {
    const zoneMap = (ZONES?: string) => localSettings(ZONES === undefined ? {} : { ZONES }).ZONE_MAP;

    expect(zoneMap()).toBe('node-a=US-CAL-CISO,node-b=US-MIDW-MISO');
    expect(zoneMap('DE, FR,PL')).toBe('node-a=DE,node-b=FR');
    expect(zoneMap('DE')).toBe('node-a=DE,node-b=DE');
    expect(localSettings({ ZONES: 'DE', ZONE_MAP: 'mine=FR' }).ZONE_MAP).toBe('mine=FR');
  });

  it('gives commands that find its history', () => {
    expect(inFolder(localSettings({}))).toBe('');
    expect(inFolder({ DATA_DIR: join(process.cwd(), 'data/demo') })).toBe('DATA_DIR=data/demo ');
  });
});

describe('carbon demo', { timeout: 60_000 }, () => {
  it('follows the zones of its nodes beside those that are selected, unless the trace is another one', () => {
    expect(demoZones({ ZONES: 'DE, FR' })).toBe('DE,FR,ES,PL,US-NW-BPAT');
    expect(demoZones({ ZONES: 'FR', REPLAY_TRACE: 'mine.csv' })).toBe('FR');
    expect(demoZones({}).split(',')).toEqual(expect.arrayContaining(['DE', 'ES', 'PL', 'US-NW-BPAT', 'US-CAL-CISO']));
  });

  it('says what to change where its folder cannot be written', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'demo-')), 'file');
    writeFileSync(file, 'kept');

    const [taken, below] = await Promise.all([
      carbon(['demo'], { DATA_DIR: file }),
      carbon(['demo'], { DATA_DIR: join(file, 'data') }),
    ]);

    for (const { code, out, faults } of [taken, below]) {
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(faults).toContain('[FOLDER_NEEDED]');
      expect(faults).toContain('DATA_DIR');
    }
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });
});

describe('carbon simulated-kepler', () => {
  it('refuses what is no port, and tells when one is taken', { timeout: 60_000 }, async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;

    const [wrong, busy] = await Promise.all([
      carbon(['simulated-kepler', '--port', 'abc']),
      carbon(['simulated-kepler', '--host', '127.0.0.1', '--port', String(port)]),
    ]);

    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.faults).toContain('It is not a whole number from 0 to 65535.');
    expect(busy).toMatchObject({ code: 2, out: '' });
    expect(busy.faults).toContain('set --port to a free port');
    taken.close();
  });
});
