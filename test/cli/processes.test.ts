import { describe, expect, it } from 'vitest';
import { withFreePorts } from '../../cli/processes.ts';

const LOCAL = { EXTENDER_HOST: '127.0.0.1', API_HOST: '127.0.0.1', POLLER_HOST: '127.0.0.1' };

describe('withFreePorts', () => {
  it('chooses another free port for each port 0, and keeps what was given', async () => {
    const all = await withFreePorts({ ...LOCAL, POLLER_PORT: '0', EXTENDER_PORT: '0', API_PORT: '0' });
    const one = await withFreePorts({
      ...LOCAL,
      POLLER_PORT: '8889',
      EXTENDER_PORT: 'abc',
      API_PORT: '0',
      ZONES: 'DE',
    });

    const ports = [all.POLLER_PORT, all.EXTENDER_PORT, all.API_PORT].map(Number);
    expect(ports.every((port) => port > 0 && port < 65_536)).toBe(true);
    expect(new Set(ports).size).toBe(3);
    expect(one).toMatchObject({ ...LOCAL, POLLER_PORT: '8889', EXTENDER_PORT: 'abc', ZONES: 'DE' });
    expect(Number(one.API_PORT)).toBeGreaterThan(0);
  });

  it('leaves the port of a host that cannot be listened on to the check of the settings', async () => {
    const chosen = await withFreePorts({ ...LOCAL, API_HOST: '203.0.113.1', API_PORT: '0' });

    expect(chosen).toMatchObject({ API_HOST: '203.0.113.1', API_PORT: '0' });
  });
});
