import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startScheduler } from '../extender/webhook/start-webhook.ts';
import { fakePod, namesCall } from '../fixtures/kube-scheduler/calls.ts';

const PODS = 10_000;
const NODES = 500;
const SETS = 7;

/**
 * The heap after 2,000 pods, when all that is remembered is full, and after 10,000 more. Filter and prioritize of each
 * pod ask about one of several sets of nodes, as kube-scheduler's sampling does.
 */
export async function benchMemory(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const zones = ['FR', 'DE', 'PL'];
  const names = Array.from({ length: NODES + SETS }, (_, at) => `node-${at}`);
  await using scheduler = await startScheduler({
    zones: Object.fromEntries(names.map((name, at) => [name, zones[at % 3] as string])),
  });
  const place = (from: number, to: number) => {
    for (let pod = from; pod < to; pod++) {
      const asked = names.slice(pod % SETS, (pod % SETS) + NODES);
      const body = Buffer.from(namesCall(asked, fakePod(`web-${pod}`)));
      scheduler.verbs.filter(body);
      scheduler.verbs.prioritize(body);
    }
    collect();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const before = place(0, 2_000);
  const after = place(2_000, 2_000 + PODS);
  console.log(`heap after 2,000 pods ${before.toFixed(1)} MB, after ${PODS} more ${after.toFixed(1)} MB`);
}
