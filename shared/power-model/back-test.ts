import { type Bounds, fitFamilies, fitGeneric, recentServers, type ThreadPower, threadPowerOf } from './fit.ts';
import type { Server } from './servers.ts';

/** How a model did on servers that it was not fitted on. */
export interface BackTest {
  readonly servers: number;
  /** Share of servers within the bounds, nominally 0.8. */
  readonly idleCoverage: number;
  readonly dynamicCoverage: number;
  /** Median of how far the model was off, as a share of the truth. */
  readonly idleError: number;
  readonly dynamicError: number;
}

interface Prediction {
  readonly power: ThreadPower;
  readonly idleBounds: Bounds;
  readonly dynamicBounds: Bounds;
}

const FOLDS = 5;

/** The generic model on servers whose CPU model it has not seen: five times, each with a fifth of the CPU models held out. */
export function backTestGeneric(servers: readonly Server[]): BackTest {
  const recent = recentServers(servers);
  const folds = foldsOf([...new Set(recent.map(({ cpu }) => cpu))].sort());
  return score(
    folds.flatMap((held) => {
      const fit = fitGeneric(recent.filter(({ cpu }) => !held.has(cpu)));
      return recent.filter(({ cpu }) => held.has(cpu)).map((server) => [server, fit] as const);
    }),
  );
}

/** The model of microarchitectures on servers that it has not seen: five times, each with a fifth of the servers held out. */
export function backTestFamilies(servers: readonly Server[]): BackTest {
  const folds = foldsOf(servers);
  return score(
    folds.flatMap((held) => {
      const fit = fitFamilies(servers.filter((server) => !held.has(server)));
      return [...held].flatMap((server) => {
        const power = fit.power.get(server.family);
        return power === undefined ? [] : [[server, { ...fit, power }] as const];
      });
    }),
  );
}

function foldsOf<Item>(items: readonly Item[]): ReadonlySet<Item>[] {
  return Array.from({ length: FOLDS }, (_, fold) => new Set(items.filter((_item, index) => index % FOLDS === fold)));
}

function score(predicted: readonly (readonly [Server, Prediction])[]): BackTest {
  const within = { idle: 0, dynamic: 0 };
  const errors = { idle: [] as number[], dynamic: [] as number[] };
  for (const [server, { power, idleBounds, dynamicBounds }] of predicted) {
    const truth = threadPowerOf(server);
    for (const [part, bounds] of [
      ['idle', idleBounds],
      ['dynamic', dynamicBounds],
    ] as const) {
      const ratio = truth[part] / power[part];
      if (ratio >= bounds.low && ratio <= bounds.high) within[part] += 1;
      errors[part].push(Math.abs(1 / ratio - 1));
    }
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return {
    servers: predicted.length,
    idleCoverage: within.idle / predicted.length,
    dynamicCoverage: within.dynamic / predicted.length,
    idleError: middle(errors.idle),
    dynamicError: middle(errors.dynamic),
  };
}
