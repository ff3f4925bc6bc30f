import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../shared/grid/units.ts';
import { zone } from '../../../shared/grid/zones.ts';
import { policyOf } from '../../../shared/simulation/policies.ts';
import { type World, worldOf } from '../../../shared/simulation/world.ts';

const START = Date.parse('2021-03-01T00:00:00Z');
const DE = zone('DE');
const job = { arrival: START, durationHours: 1, slackHours: 6, watts: 10 };
const SETTINGS = { thresholdPercent: 30 };

/** A world that is forecast in another way after an hour; each list begins at the start. */
function world(first: readonly number[], later: readonly number[]): World {
  const worldOfValues = (values: readonly number[]) =>
    worldOf({ start: START, hours: values.length, zones: new Map([[DE, Float64Array.from(values)]]) }, [DE], 1);
  const [now, then] = [worldOfValues(first), worldOfValues(later)];
  return { ...then, forecast: (time) => (time < START + HOUR_MS ? now : then).truth(time, 72, 0) };
}

function startsOf(of: World) {
  const hours = (name: 'forecast' | 'revised' | 'oracle') =>
    ((policyOf(name, of, SETTINGS)(job)?.start ?? Number.NaN) - START) / HOUR_MS;
  return { forecast: hours('forecast'), revised: hours('revised'), oracle: hours('oracle') };
}

describe('a revised plan', () => {
  it('moves to another hour when the forecast has changed; one that is made once does not', () => {
    const changing = world([300, 300, 300, 100, 300, 300, 300, 300], [300, 300, 300, 300, 300, 80, 300, 300]);

    expect(startsOf(changing)).toEqual({ forecast: 3, revised: 5, oracle: 5 });
  });

  it('starts in its hour, and not after it, where nothing has changed', () => {
    // An hour later another one would be the cleanest that is left.
    const steady = [300, 300, 300, 100, 300, 200, 300, 300];

    expect(startsOf(world(steady, steady))).toEqual({ forecast: 3, revised: 3, oracle: 3 });
  });

  it('never starts after the latest start', () => {
    const late = world([300, 290, 280, 270, 260, 250, 100, 50], [300, 290, 280, 270, 260, 250, 100, 50]);

    expect(startsOf(late)).toEqual({ forecast: 6, revised: 6, oracle: 6 });
  });
});
