import { describe, expect, it } from 'vitest';
import { MeasuredNodes } from '../../../../poller/power/calibration/measured-nodes.ts';
import { joules } from '../../../../shared/grid/units.ts';
import type { Container, PowerSample } from '../../../../shared/records/power.ts';

describe('what a measured node drew', () => {
  it('is the energy of everything on it but GPUs, over the time that it spans', () => {
    const nodes = new MeasuredNodes();

    nodes.recorded(
      'n1',
      [sample({}, 150), sample({ namespace: '__idle__' }, 300), sample({ device: 'gpu' }, 9_000)],
      15,
    );

    expect(nodes.of('n1', 0)).toEqual({ watts: 30, source: 'kepler', monotonic: 15 });
    expect(nodes.of('n1', 16)).toBeUndefined();
    expect(nodes.of('n2', 0)).toBeUndefined();
  });

  it('is not taken from what was modelled or simulated', () => {
    const nodes = new MeasuredNodes();

    nodes.recorded('n1', [sample({ powerQuality: 'modelled' }, 150)], 15);

    expect(nodes.of('n1', 0)).toBeUndefined();
  });

  it('is the controller’s, which sees the whole machine, where both were read at once', () => {
    const nodes = new MeasuredNodes();

    nodes.platform('n1', 80, 15);
    nodes.recorded('n1', [sample({}, 150)], 15);

    expect(nodes.of('n1', 0)).toMatchObject({ watts: 80, source: 'platform' });
    nodes.recorded('n1', [sample({}, 150)], 30);
    expect(nodes.of('n1', 0)).toMatchObject({ watts: 10, source: 'kepler' });
  });
});

function sample(of: Partial<Container>, energy: number): PowerSample {
  const container = { namespace: 'shop', pod: 'web-0', container: 'app', node: 'n1', ...of };
  return { container, start: 0, end: 15_000, joules: joules(energy) };
}
