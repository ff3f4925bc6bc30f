// Flow: each request of kube-scheduler through the scheduler port, against golden responses.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  annotatedPod,
  type fakePod,
  namesCall,
  nodesCall,
  preemptMetaCall,
  preemptPodsCall,
} from '../../fixtures/kube-scheduler/calls.ts';
import { cacheText } from '../cache/cache-file.ts';
import { expectGoDecodes, type WireAsked } from './go-decoding.ts';
import { startScheduler } from './start-webhook.ts';

const GOLDEN = join(import.meta.dirname, 'golden', 'responses.txt');
const NAMES = ['par-1', 'fra-1', 'waw-1', 'lab-1'];
const NODES = [
  { name: 'par-1', region: 'eu-west-3', providerId: 'aws:///eu-west-3a/i-0a1' },
  { name: 'fra-1', region: 'europe-west3', providerId: 'gce://acme/europe-west3-a/fra-1' },
  { name: 'lab-1', labels: { 'carbon-extender.io/zone': 'SE-SE3' } },
  { name: 'bare-1', region: 'eu-west-3', providerId: 'kind://docker/kind/bare-1' },
];
const LIMITED = annotatedPod({ 'max-intensity': '300', enforce: 'true' });
const PREFERRING = annotatedPod({ 'max-intensity': '300' });

/** Each request that kube-scheduler makes, in both forms; the responses are in the golden file. */
const CALLS: readonly (readonly [string, string, string])[] = [
  ['filter of names', '/filter', namesCall(NAMES)],
  ['filter of names under a limit', '/filter', namesCall(NAMES, LIMITED)],
  ['filter of names to allowed zones', '/scheduler/filter', namesCall(NAMES, annotatedPod({ zones: 'FR,PL' }))],
  ['filter of one name', '/filter', namesCall(['par-1'])],
  ['filter of names that are all refused', '/filter', namesCall(['waw-1'], LIMITED)],
  ['filter of nodes under a limit', '/filter', nodesCall([NODES[0] as never], LIMITED)],
  ['filter of nodes that are all refused', '/filter', nodesCall([NODES[1] as never], LIMITED)],
  ['prioritize of names', '/prioritize', namesCall(NAMES)],
  ['prioritize of names with a preference', '/prioritize', namesCall(NAMES, PREFERRING)],
  ['prioritize of names for a pod that says skip', '/prioritize', namesCall(NAMES, annotatedPod({ skip: 'true' }))],
  ['prioritize of nodes', '/scheduler/prioritize', nodesCall(NODES)],
  ['prioritize of nodes with invalid annotations', '/prioritize', nodesCall(NODES, annotatedPod({ zones: '??' }))],
  ['preempt by UID', '/preempt', preemptMetaCall({ 'par-1': ['u-1'], 'waw-1': ['u-2', 'u-3'] })],
  ['preempt by UID under a limit', '/preempt', preemptMetaCall({ 'par-1': ['u-1'], 'waw-1': ['u-2'] }, LIMITED)],
  ['preempt with whole victims', '/preempt', preemptPodsCall({ 'fra-1': ['u-4'] })],
];

describe('the answer to each call of kube-scheduler', () => {
  it('is the one of the golden file, and Go can decode it', async () => {
    await using scheduler = await startScheduler({
      cache: cacheText({ FR: 45, DE: 380, PL: 720, 'SE-SE3': 22 }),
      zones: { 'par-1': 'FR', 'fra-1': 'DE', 'waw-1': 'PL' },
    });
    const sections: string[] = [];
    for (const [name, path, body] of CALLS) {
      const { status, text } = await scheduler.call(path, body);
      expectGoDecodes(path, JSON.parse(body) as WireAsked, text);
      sections.push(`# ${name}\nPOST ${path}  ${summary(body)}\n${status} ${text}\n`);
    }

    const answers = sections.join('\n');

    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, answers);
    expect(existsSync(GOLDEN), 'UPDATE_GOLDEN=1 writes it').toBe(true);
    expect(answers).toBe(readFileSync(GOLDEN, 'utf8'));
  });
});

/** What a person needs of a request to judge the answer: preferences and candidates. */
function summary(body: string): string {
  const { Pod, ...asked } = JSON.parse(body) as WireAsked & { Pod: ReturnType<typeof fakePod> };
  const preferences = Object.entries(Pod.metadata.annotations).filter(([name]) =>
    name.startsWith('carbon-extender.io/'),
  );
  const nodes =
    asked.NodeNames ??
    asked.Nodes?.items.map((node) => node.metadata.name) ??
    Object.keys(asked.NodeNameToMetaVictims ?? asked.NodeNameToVictims ?? {});
  return `${preferences.map(([name, text]) => `${name.slice(19)}=${text} `).join('')}[${nodes.join(' ')}]`;
}
