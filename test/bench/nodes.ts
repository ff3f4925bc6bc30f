import { createExtenderMetrics } from '../../extender/metrics.ts';
import { NO_POWER } from '../../extender/placement/candidate-table.ts';
import { NO_HISTORY } from '../../extender/placement/constraints.ts';
import { createPlacementDecisions } from '../../extender/placement/decisions.ts';
import { configuredDirectory } from '../../extender/placement/nodes.ts';
import { NO_NAMESPACES } from '../../extender/placement/pod-policy.ts';
import { createVerbs } from '../../extender/webhook/verbs.ts';
import { type CacheState, cacheState } from '../../shared/grid/carbon-cache.ts';
import { decodeCarbonCache } from '../../shared/grid/carbon-cache-decode.ts';
import { type Zone, zone } from '../../shared/grid/zones.ts';
import { systemClock } from '../../shared/runtime/clock.ts';
import { cacheText } from '../extender/cache/cache-file.ts';
import { fakePod, goJson, nodesCall } from '../fixtures/kube-scheduler/calls.ts';
import { type Comparison, compare } from './measure.ts';

const COUNT = 1_000;
const ROUNDS = { rounds: 30, warmUp: 5 };
interface WireArgs {
  readonly Nodes: { readonly items: readonly { readonly metadata: { readonly name: string } }[] };
}

/**
 * Filter and prioritize over `Nodes` bodies that were never seen before, beside parsing the body and writing the part of
 * it that is answered: `all pass` answers every node, `half pass` refuses those of one zone.
 */
export async function benchNodes(): Promise<Comparison[]> {
  const read = decodeCarbonCache(cacheText({ DE: 380, FR: 45 }, { at: Date.now(), ttlMinutes: 600 }));
  const state = (): CacheState => cacheState(read, Date.now());
  const verbsWith = (zones: readonly Zone[] | undefined) => {
    const metrics = createExtenderMetrics(state);
    const decisions = createPlacementDecisions({
      cache: state,
      directory: configuredDirectory(new Map(), undefined),
      power: NO_POWER,
      history: NO_HISTORY,
      namespaces: NO_NAMESPACES,
      cluster: { mode: 'enforce', preferences: { ...(zones && { zones }) } },
      metrics,
      clock: systemClock,
    });
    return createVerbs(decisions, metrics);
  };
  const bodies = Array.from({ length: 4 }, (_, at) => nodesBody(at));
  const size = `${COUNT} nodes, ${((bodies[0]?.length ?? 0) / 1e6).toFixed(1)} MB`;
  const comparisons: Comparison[] = [];
  for (const [name, zones] of [
    ['all pass', undefined],
    ['half pass', [zone('FR')]],
  ] as const) {
    let next = 0;
    const verbs = verbsWith(zones);
    const ours = () => verbs.filter(bodies[next++ % bodies.length] as Buffer).body.length;
    const floor = () => {
      const args = JSON.parse((bodies[next++ % bodies.length] as Buffer).toString('utf8')) as WireArgs;
      const items = args.Nodes.items.filter((_, at) => zones === undefined || at % 2 === 0);
      return Buffer.from(JSON.stringify({ Nodes: { metadata: {}, items } })).length;
    };
    comparisons.push(await compare(`filter, ${size}, ${name}`, { ours, floor }, ROUNDS));
  }
  let next = 0;
  const verbs = verbsWith(undefined);
  const prioritized = () => verbs.prioritize(bodies[next++ % bodies.length] as Buffer).body.length;
  const parsed = () => {
    const args = JSON.parse((bodies[next++ % bodies.length] as Buffer).toString('utf8')) as WireArgs;
    return JSON.stringify(args.Nodes.items.map(({ metadata }) => ({ Host: metadata.name, Score: 5 }))).length;
  };
  comparisons.push(await compare(`prioritize, ${size} / parse only`, { ours: prioritized, floor: parsed }, ROUNDS));
  return comparisons;
}

/** Nodes as a cloud has them: besides what places them, managed fields, conditions and images, in many small parts. */
function nodesBody(round: number): Buffer {
  const plain = Array.from({ length: COUNT }, (_, at) => ({
    name: `node-${round}-${at}`,
    region: at % 2 === 0 ? 'eu-west-3' : 'eu-central-1',
    providerId: `aws:///somewhere/i-${at}`,
    labels: Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`example.org/label-${n}`, `value-${at % 7}`])),
  }));
  const call = JSON.parse(nodesCall(plain, fakePod(`web-${round}`))) as { Nodes: { items: FatNode[] } };
  for (const node of call.Nodes.items) {
    const keys = Array.from({ length: 60 }, (_, n) => [`f:field-${n}`, { '.': {}, 'f:type': {} }]);
    node.metadata.managedFields = [1, 2].map((n) => ({ manager: `m-${n}`, fieldsV1: Object.fromEntries(keys) }));
    node.status.images = Array.from({ length: 25 }, (_, n) => ({
      names: [`example.org/app-${n}@sha256:${'0'.repeat(64)}`, `example.org/app-${n}:1.${n}`],
      sizeBytes: 1_000_000 * n,
    }));
  }
  return Buffer.from(goJson(call));
}

interface FatNode {
  readonly metadata: { managedFields: unknown };
  readonly status: { images: unknown };
}
