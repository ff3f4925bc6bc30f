// Flow: recorded requests of a real kube-scheduler through the scheduler port.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheText } from '../cache/cache-file.ts';
import { type HostScore, startScheduler } from './start-webhook.ts';

const FOLDER = resolve(
  process.env.KUBE_SCHEDULER_SAMPLES ?? join(import.meta.dirname, '../../../../shared/samples/kube-scheduler'),
);
const recorded = existsSync(FOLDER);
if (!recorded) {
  process.stderr.write(
    `\n!! LEFT OUT: replay of recorded kube-scheduler calls, for there are none in ${FOLDER}. To run it: set KUBE_SCHEDULER_SAMPLES\n\n`,
  );
}

describe.skipIf(!recorded)('calls that a real kube-scheduler made', () => {
  const files = recorded ? readdirSync(FOLDER).filter((file) => file.endsWith('.json')) : [];

  it('are there', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)('answers %s so that Go can decode it', async (file) => {
    await using scheduler = await startScheduler({
      cache: cacheText({ DE: 380, IE: 290, FR: 45, 'SE-SE3': 20, 'US-MIDA-PJM': 410 }),
      zones: { 'node-00000': 'FR', 'node-00001': 'DE' },
      maxBodyBytes: 64 * 1024 * 1024,
    });
    const call = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as RecordedCall;

    const reply = await scheduler.call(call.path, call.body);

    expect(reply.status).toBe(200);
    expectDecodable(call, JSON.parse(reply.text));
  });
});

interface RecordedCall {
  readonly path: string;
  readonly body: string;
}

function expectDecodable({ path, body }: RecordedCall, answer: unknown): void {
  const asked = JSON.parse(body);
  const names: string[] =
    asked.NodeNames ?? asked.Nodes?.items.map((node: { metadata: { name: string } }) => node.metadata.name);
  if (path.endsWith('/preempt')) {
    expect(answer).toEqual({ NodeNameToMetaVictims: expect.any(Object) });
    const victims = (answer as { NodeNameToMetaVictims: Record<string, { Pods: unknown[] }> }).NodeNameToMetaVictims;
    expect(Object.keys(victims)).toEqual(Object.keys(asked.NodeNameToMetaVictims ?? asked.NodeNameToVictims));
    for (const { Pods } of Object.values(victims)) expect(Pods).toContainEqual({ UID: expect.any(String) });
  } else if (path.endsWith('/filter')) {
    expect(answer).toEqual(asked.NodeNames ? { NodeNames: names } : { Nodes: asked.Nodes });
  } else {
    const scored = answer as HostScore[];
    expect(scored.map((node) => node.Host).sort()).toEqual([...names].sort());
    for (const { Score } of scored) expect(Number.isInteger(Score) && Score >= 0 && Score <= 10).toBe(true);
    expect(new Set(scored.map((node) => node.Score)).size).toBeGreaterThan(1);
  }
}
