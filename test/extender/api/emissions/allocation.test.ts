import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIMENSIONS } from '../../../../extender/api/emissions/naming.ts';
import { HOUR_MS, JOULES_PER_KWH } from '../../../../shared/grid/units.ts';
import type { Container } from '../../../../shared/records/power.ts';
import { NOON, start } from '../start-api.ts';

// Flow: OpenCost's requests against the API: their shapes, and that what is allocated adds up.
const WINDOW = '2026-01-01T06:00:00Z,2026-01-01T12:00:00Z';
const named = (namespace: string, pod: string, node: string, container = 'app'): Container => ({
  ...{ namespace, pod, container, node },
});
const CONTAINERS: readonly Container[] = [
  named('shop', 'web-7d4b9c-x2k9p', 'n1'),
  named('shop', 'web-7d4b9c-x2k9p', 'n1', 'proxy'),
  named('shop', 'db-0', 'n2'),
  named('batch', 'report-28-abcde', 'n2'),
  named('kube-system', 'agent-zz9x1', 'n1'),
  named('kube-system', 'agent-zz9x2', 'n9'),
];
const IDLE_NODES = ['n1', 'n2', 'n3'].map((node) => ({
  ...{ namespace: '__idle__', pod: '__idle__', container: '__idle__', node },
}));

interface Row {
  readonly name: string;
  readonly kwh: number | null;
  readonly grams: number | null;
  readonly unpriced_kwh: number | null;
  readonly totalCost?: number;
  readonly properties: Readonly<Record<string, string>>;
}

let api: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  api = await start(undefined, undefined, undefined, { PRICE_PER_KWH: 'DE=0.4', CLUSTER_NAME: 'north' });
  for (let hour = -6; hour < 0; hour += 1) {
    const start = NOON + hour * HOUR_MS;
    const samples = [...CONTAINERS, ...IDLE_NODES].map((container, at) => ({
      ...{ container, start, end: start + HOUR_MS, joules: ((at + 1) * (hour + 7) * JOULES_PER_KWH) as never },
    }));
    await api.store.append({ target: 't', samples });
    await api.intensity('DE', hour, 300 + hour);
    if (hour > -3) await api.intensity('FR', hour, 50);
  }
  await api.store.recordLabels?.(
    [
      {
        namespace: 'shop',
        pod: 'web-7d4b9c-x2k9p',
        labels: { app: 'web', 'pod-template-hash': '7d4b9c', team: 'front', env: 'prod' },
      },
      { namespace: 'shop', pod: 'db-0', labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-0' } },
      { namespace: 'batch', pod: 'report-28-abcde', labels: { 'batch.kubernetes.io/job-name': 'report-28' } },
      { namespace: 'kube-system', pod: 'agent-zz9x1', labels: { 'controller-revision-hash': '5f' } },
    ],
    NOON,
  );
});

afterAll(() => api[Symbol.asyncDispose]());

async function allocation(query: Record<string, string>, path = '/allocation/compute') {
  const { status, body } = await api.get(`${path}?${new URLSearchParams({ window: WINDOW, ...query })}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as { code: number; data: Record<string, Row>[] };
}

function total(data: readonly Record<string, Row>[], field: 'kwh' | 'grams' | 'unpriced_kwh' | 'totalCost'): number {
  return data.flatMap((set) => Object.values(set)).reduce((sum, row) => sum + (row[field] ?? 0), 0);
}

describe('the requests of OpenCost’s clients', () => {
  it.each([
    [
      { aggregate: 'namespace', includeIdle: 'true', step: '1d', accumulate: 'false' },
      ['__idle__', 'batch', 'kube-system', 'shop'],
    ],
    [
      { aggregate: 'controller', accumulate: 'true', shareTenancyCosts: 'true', idleByNode: 'false' },
      ['__unallocated__', 'agent', 'db', 'report-28', 'web'],
    ],
    [{ aggregate: 'deployment' }, ['__unallocated__', 'web']],
    [{ aggregate: 'controllerKind,controller', filterNamespaces: 'shop' }, ['deployment/web', 'statefulset/db']],
    [{ aggregate: 'cluster', resolution: '1m' }, ['north']],
    [{ aggregate: 'cluster', step: '', accumulate: '', idle: '', filter: '', limit: '', shareIdle: '' }, ['north']],
    [{ aggregate: 'service' }, ['__unallocated__']],
    [{ aggregate: 'annotation:team.io/owner' }, ['__unallocated__']],
    [{ aggregate: 'namespace,service', filterNamespaces: 'shop' }, ['shop/__unallocated__']],
    [{ aggregate: 'label:app', filterNamespaces: 'sh*' }, ['db', 'web']],
    [{ aggregate: 'pod', filterLabels: 'app:web' }, ['shop/web-7d4b9c-x2k9p']],
    [{ aggregate: 'namespace', filterControllers: 'job:report-28' }, ['batch']],
    [{ aggregate: 'node', filter: 'namespace!:"kube-system"+controllerKind:"deployment"' }, ['n1']],
    [{ aggregate: 'pod', filterTeams: 'front' }, ['shop/web-7d4b9c-x2k9p']],
    [{ aggregate: 'namespace', filterProducts: 'w*', filterEnvironments: 'prod,test' }, ['shop']],
    [
      { aggregate: 'pod', filter: '(team:"front"|label:"statefulset.kubernetes.io/pod-name")+owner!:"x"' },
      ['shop/db-0', 'shop/web-7d4b9c-x2k9p'],
    ],
    [{ aggregate: 'label:constructor', filterNamespaces: 'shop' }, ['__unallocated__']],
    [{ aggregate: 'pod', filter: 'label[toString]~:"native"' }, []],
    [{ aggregate: 'label:statefulset_kubernetes_io_pod_name', filterNamespaces: 'shop' }, ['__unallocated__', 'db-0']],
    [{ aggregate: 'pod', filter: 'label[pod_template_hash]:"7d4b9c"' }, ['shop/web-7d4b9c-x2k9p']],
    [{ aggregate: 'pod', filter: 'label[batch_kubernetes_io_job_name]<~:"rep"' }, ['batch/report-28-abcde']],
    [
      { aggregate: 'pod', filter: '((namespace:"shop"|(namespace:"batch"+pod!~:"x"))+(pod!:"db-0","db-1"))' },
      ['batch/report-28-abcde', 'shop/web-7d4b9c-x2k9p'],
    ],
    [{ aggregate: 'namespace', filter: 'pod:"a\\"b","db\\-0"' }, ['shop']],
    [{ aggregate: 'namespace', filterServices: 'web' }, []],
    [{ aggregate: 'namespace', filterAnnotations: 'a:b' }, []],
    [{ aggregate: 'namespace', idle: 'true', limit: '1', offset: '1' }, ['batch']],
  ])('%j have the rows %j', async (query, names) => {
    const { code, data } = await allocation(query);

    expect(code).toBe(200);
    expect(Object.keys(data[0] ?? {}).sort()).toEqual(names);
  });

  it('have one row for each container without an aggregate, at both paths', async () => {
    const { data } = await allocation({}, '/allocation');

    expect(Object.keys(data[0] ?? {})).toHaveLength(CONTAINERS.length);
    expect(data[0]?.['north/n2/shop/db-0/app']).toMatchObject({
      properties: { cluster: 'north', node: 'n2', namespace: 'shop', pod: 'db-0', container: 'app' },
    });
  });

  it.each([
    ['2026-01-01,2026-01-02', 1],
    ['6h offset 1h', 1],
    ['today', 1],
    ['1767247200,1767268800', 1],
    ['1767247200-1767268800', 1],
    ['1w', 1],
    ['720m', 1],
    ['month', 1],
  ])('with the window %s are understood', async (window, sets) => {
    const { data } = await allocation({ window, aggregate: 'namespace' });

    expect(data).toHaveLength(sets);
    expect(total(data, 'kwh')).toBeGreaterThan(0);
  });

  it.each([
    ['hour', 30],
    ['day', 3],
    ['week', 1],
    ['month', 2],
    ['quarter', 2],
    ['true', 1],
  ])('accumulated by %s have %i sets over the turn of the year', async (accumulate, sets) => {
    const window = '2025-12-31T12:00:00Z,2026-01-01T18:00:00Z';
    const days = accumulate === 'day' ? 2 : sets;

    const { data } = await allocation({ window, accumulate, aggregate: 'node' });

    expect(data).toHaveLength(accumulate === 'day' ? days : sets);
    expect(total(data, 'kwh')).toBeCloseTo(total((await allocation({ window, aggregate: 'node' })).data, 'kwh'), 6);
  });

  it('have costs where a price is known, and none elsewhere', async () => {
    const { data } = await allocation({ aggregate: 'node' });

    expect(data[0]?.n1?.totalCost).toBeCloseTo((data[0]?.n1?.kwh ?? 0) * 0.4, 9);
    expect(data[0]?.n2).not.toHaveProperty('totalCost');
  });

  it('may be CSV', async () => {
    const response = await fetch(`${api.url}/allocation?window=${WINDOW}&aggregate=namespace,pod&format=csv`);
    const [header, first, ...rest] = (await response.text()).trim().split('\r\n');

    expect(response.headers.get('content-type')).toContain('text/csv');
    expect(header).toMatch(/^window_start,window_end,name,namespace,pod,minutes,kwh,unpriced_kwh,grams,/);
    expect(first).toMatch(
      /^2026-01-01T06:00:00\.000Z,2026-01-01T12:00:00\.000Z,batch\/report-28-abcde,batch,report-28-abcde,360,/,
    );
    expect(rest).toHaveLength(4);
  });

  it('with a filter that cannot be read say where', async () => {
    const { status, body } = await api.get('/allocation?filter=namespace:shop');

    expect([status, body.errors]).toEqual([
      400,
      [{ pointer: '/filter', detail: expect.stringContaining('at character 11') }],
    ]);
  });
});

describe('what is allocated', () => {
  const dimensions = fc.subarray([...DIMENSIONS, 'label:app', 'label:missing', 'annotation:team'], { minLength: 1 });
  const idle = fc.constantFrom({}, { includeIdle: 'true' }, { shareIdle: 'true' }, { shareIdle: 'weighted' });
  const filters = fc.constantFrom(
    ['namespace:"shop"', 'namespace!:"shop"'],
    ['label[app]:"web","db"', 'label[app]!:"web","db"'],
    ['pod~:"agent"', 'pod!~:"agent"'],
    ['node<~:"n1"', 'node!<~:"n1"'],
  );
  const step = fc.constantFrom({}, { step: '1h' }, { step: '4h' }, { accumulate: 'day' });

  it('adds up to the same total for every aggregation, step and idle mode', async () => {
    const containers = (await allocation({ aggregate: 'node' })).data;
    const all = (await allocation({ aggregate: 'node', includeIdle: 'true' })).data;
    await fc.assert(
      fc.asyncProperty(dimensions, idle, step, async (by, withIdle, cut) => {
        const { data } = await allocation({ aggregate: by.join(','), ...withIdle, ...cut });

        const whole = Object.keys(withIdle).length > 0 ? all : containers;
        for (const field of ['kwh', 'grams', 'unpriced_kwh'] as const)
          expect(total(data, field)).toBeCloseTo(total(whole, field), 5);
      }),
      { numRuns: 40 },
    );
  });

  it('adds up to the total of a filter and its contrary, in every idle mode', async () => {
    const idleOfN3 = 9 * 21;
    await fc.assert(
      fc.asyncProperty(dimensions, filters, idle, step, async (by, [one = '', other = ''], withIdle, cut) => {
        const aggregate = by.join(',');
        const { data: whole } = await allocation({ aggregate, ...withIdle });
        const parts = [one, other].map(
          async (filter) => (await allocation({ aggregate, filter, ...withIdle, ...cut })).data,
        );
        const both = (await Promise.all(parts)).flat();

        // What nothing ran on is shared with nothing: it is in no filter's rows.
        const unshared = 'shareIdle' in withIdle ? idleOfN3 : 0;
        expect(total(both, 'grams')).toBeCloseTo(total(whole, 'grams'), 5);
        expect(total(both, 'kwh')).toBeCloseTo(total(whole, 'kwh') - unshared, 5);
      }),
      { numRuns: 40 },
    );
  });

  it('names the dimensions that are not recorded', async () => {
    const { body } = await api.get('/allocation?aggregate=namespace,service,annotation:team,label:app');
    const filtered = await api.get(
      `/allocation?aggregate=service&filterAnnotations=x:y&filter=${encodeURIComponent('services:"a"+nodeLabel[b]!:"services"')}`,
    );

    expect(body.meta.unavailable).toEqual(['service', 'annotation:team']);
    expect(filtered.body.meta.unavailable).toEqual(['service', 'annotation[x]', 'services', 'nodeLabel[b]']);
  });

  it('leaves the idle energy of a node that nothing ran on to itself', async () => {
    const { data } = await allocation({ aggregate: 'namespace', shareIdle: 'true' });

    // Node n3 has only idle energy: 9 × (1 + … + 6) kWh.
    expect(data[0]?.__idle__?.kwh).toBeCloseTo(9 * 21, 6);
  });
});
