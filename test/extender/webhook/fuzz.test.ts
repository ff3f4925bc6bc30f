// Flow: random and torn bodies through every verb of the scheduler port.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verb } from '../../../extender/webhook/verbs.ts';
import { InvalidRequestError } from '../../../extender/webhook/wire-checks.ts';
import { goJson } from '../../fixtures/kube-scheduler/calls.ts';
import { expectGoDecodes, type WireAsked } from './go-decoding.ts';
import { startScheduler } from './start-webhook.ts';

const OWN = 'carbon-extender.io/';
const VALID_RUNS = 50_000;
const BROKEN_RUNS = 52_000;
const ZONES = { a: 'FR', b: 'DE', c: 'PL', __proto__x: 'FR' };

const nodeName = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c', 'node-1', '__proto__', 'constructor', 'toString', '') },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: 'binary' }) },
  { weight: 1, arbitrary: fc.constantFrom('\ud800', '"a', 'a\\', ',"Nodes":null,"NodeNames":["x"]}', 'é🌍') },
);

const preference = fc.oneof(
  fc.constantFrom('true', 'false', '100', '5', 'FR', 'FR,DE', 'p30', '6h', '2026-01-01T00:00:00Z', '-1', '', 'NaN'),
  fc.string({ maxLength: 5, unit: 'binary' }),
);
const annotation = fc.oneof(
  fc.constantFrom('skip', 'max-intensity', 'cleaner-than', 'zones', 'enforce', 'max-delay').map((key) => OWN + key),
  fc.constantFrom('__proto__', 'Nodes', 'NodeNames', ',"Nodes":{'),
);
const pod = fc.record(
  {
    metadata: fc.record(
      {
        name: fc.constantFrom('web-0', 'web-1', '__proto__'),
        namespace: fc.constantFrom('shop', 'advised', 'off'),
        uid: fc.constantFrom('u1', 'u2'),
        annotations: fc.oneof(fc.constant(null), fc.dictionary(annotation, preference, { maxKeys: 4 })),
        ownerReferences: fc.constantFrom(null, [{ kind: 'Job', name: 'j', controller: true }], [null, 1]),
      },
      { requiredKeys: [] },
    ),
    spec: fc.constant({ Nodes: { items: [] }, NodeNames: ['decoy'] }),
  },
  { requiredKeys: ['metadata'] },
);

const node = fc.record({
  metadata: fc.record(
    {
      name: nodeName,
      labels: fc.oneof(
        fc.constant(null),
        fc.dictionary(fc.constantFrom(`${OWN}zone`, 'topology.kubernetes.io/region', '__proto__', 'x'), preference),
      ),
      managedFields: fc.constantFrom(null, [{ fieldsV1: { 'f:"}],': { '\\': '"' } } }]),
    },
    { requiredKeys: ['name'] },
  ),
  spec: fc.constantFrom({}, { providerID: 'aws:///eu-west-3a/i-1' }, { providerID: '', taints: [] }),
  status: fc.constantFrom({}, { images: [{ names: ['x'.repeat(100), '\\"'] }], ok: true, n: -1.5e3, nothing: null }),
});

const victims = fc.dictionary(
  nodeName,
  fc.record({
    Pods: fc.array(fc.record({ UID: fc.string({ maxLength: 3 }) }), { maxLength: 2 }),
    NumPDBViolations: fc.nat(3),
  }),
  { maxKeys: 4 },
);

interface Call {
  readonly verb: 'filter' | 'prioritize' | 'preempt';
  readonly asked: WireAsked;
}

const validCall: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    verb: fc.constantFrom('filter' as const, 'prioritize' as const),
    asked: fc.record({ Pod: pod, Nodes: fc.constant(null), NodeNames: fc.array(nodeName, { maxLength: 8 }) }),
  }),
  fc.record({
    verb: fc.constantFrom('filter' as const, 'prioritize' as const),
    asked: fc.record({
      Pod: pod,
      Nodes: fc.record({ metadata: fc.constant({}), items: fc.array(node, { maxLength: 4 }) }),
      NodeNames: fc.constant(null),
    }),
  }),
  fc.record({
    verb: fc.constant('preempt' as const),
    asked: fc.record({ Pod: pod, NodeNameToVictims: fc.constant(null), NodeNameToMetaVictims: victims }),
  }),
);

/** The bytes of a call as Go would write it, and as others would. */
const validBody = fc.tuple(validCall, fc.constantFrom('go', 'spaced', 'turned')).map(([call, form]) => ({
  ...call,
  body: Buffer.from(
    form === 'go'
      ? goJson(call.asked)
      : form === 'spaced'
        ? JSON.stringify(call.asked, null, 1)
        : JSON.stringify(Object.fromEntries(Object.entries(call.asked).reverse())),
  ),
}));

/** Anything: other JSON of the same keys, and valid bytes that were cut, doubled or changed. */
const brokenBody = fc.oneof(
  fc
    .dictionary(
      fc.constantFrom(
        'Pod',
        'Nodes',
        'NodeNames',
        'NodeNameToMetaVictims',
        'NodeNameToVictims',
        'metadata',
        'items',
        '__proto__',
      ),
      fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
    )
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc.string({ maxLength: 30, unit: 'binary' }).map((text) => Buffer.from(text)),
  fc
    .tuple(validBody, fc.nat(), fc.nat(255), fc.constantFrom('cut', 'flip', 'double'))
    .map(([{ body }, at, byte, how]) => {
      const place = at % body.length;
      if (how === 'cut') return body.subarray(0, place);
      if (how === 'double') return Buffer.concat([body, body.subarray(place)]);
      const changed = Buffer.from(body);
      changed[place] = byte;
      return changed;
    }),
);

describe('any request', () => {
  it('that kube-scheduler could send is answered so that Go can decode it', { timeout: 180_000 }, async () => {
    await using scheduler = await fuzzedScheduler();
    let checked = 0;

    fc.assert(
      fc.property(validBody, ({ verb, asked, body }) => {
        const { body: answer } = (scheduler.verbs[verb] as Verb)(body);

        expectGoDecodes(verb, JSON.parse(body.toString('utf8')) as typeof asked, answer.toString('utf8'));
        checked += 1;
      }),
      { numRuns: VALID_RUNS },
    );

    expect(checked).toBe(VALID_RUNS);
  });

  it('of any other kind is served or refused with its problem named, and breaks nothing', {
    timeout: 180_000,
  }, async () => {
    await using scheduler = await fuzzedScheduler();
    const verbs = Object.values(scheduler.verbs);
    const outcomes = { answered: 0, refused: 0 };

    fc.assert(
      fc.property(brokenBody, fc.nat(2), (body, at) => {
        try {
          (verbs[at] as Verb)(body);
          outcomes.answered += 1;
        } catch (error) {
          if (!(error instanceof InvalidRequestError)) throw error;
          outcomes.refused += 1;
        }
      }),
      { numRuns: BROKEN_RUNS },
    );

    expect(outcomes.refused).toBeGreaterThan(BROKEN_RUNS / 2);
    expect(outcomes.answered).toBeGreaterThan(0);
  });

  it('comes over the wire too, one after the other on one connection', { timeout: 120_000 }, async () => {
    await using scheduler = await fuzzedScheduler();

    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          validBody.map(({ body }) => body),
          brokenBody,
        ),
        fc.nat(2),
        async (body, at) => {
          const { status, text } = await scheduler.call(`/${Object.keys(scheduler.verbs)[at]}`, body);

          expect([200, 400]).toContain(status);
          // Whole nodes are passed back unread: broken JSON inside one comes back as it came.
          if (status === 400 || isJson(body)) expect(() => JSON.parse(text)).not.toThrow();
        },
      ),
      { numRuns: 1_000 },
    );

    expect(scheduler.logger.at('error')).toEqual([]);
  });

  it('of 50 MB, deep or wide, is answered and forgotten', { timeout: 120_000 }, async () => {
    await using scheduler = await fuzzedScheduler();
    const wide = `{"Pod":{},"Nodes":null,"NodeNames":[${'"node-of-a-large-cluster",'.repeat(2_000_000)}"a"]}`;
    const deep = `{"Pod":${'{"x":'.repeat(5_000_000)}1${'}'.repeat(5_000_000)},"Nodes":null,"NodeNames":["a"]}`;
    const long = `{"Pod":{"x":"${'y'.repeat(50_000_000)}"},"Nodes":null,"NodeNames":["a"]}`;

    const statuses: number[] = [];
    for (const body of [wide, deep, long]) statuses.push((await scheduler.call('/prioritize', body)).status);
    const after = await scheduler.scoresOf('{"Pod":{},"Nodes":null,"NodeNames":["a","c"]}');

    expect(statuses[0]).toBe(200);
    expect(statuses[2]).toBe(200);
    expect([200, 400]).toContain(statuses[1]);
    expect(after).toEqual({ a: 10, c: 1 });
  });
});

async function fuzzedScheduler() {
  const scheduler = await startScheduler({
    zones: ZONES,
    maxBodyBytes: 64 * 1024 * 1024,
    namespaces: { advised: { [`${OWN}mode`]: 'advise' }, off: { [`${OWN}mode`]: 'off' } },
    history: { DE: { 30: 100 } },
    watts: { a: 5, b: 10 },
  });
  return scheduler;
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
