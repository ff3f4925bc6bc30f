import { describe, expect, it } from 'vitest';
import { type ReaderOptions, readKepler } from '../../../../poller/power/kepler/reader.ts';
import { KeplerBodyError, type KeplerScrape } from '../../../../poller/power/observation.ts';

const C = 'kepler_container_joules_total';

describe('classic Kepler', () => {
  it('takes the dynamic total, and the node from its node metrics', () => {
    const scrape = read(
      classicLine(C, 'aa', 'dynamic', 12.5),
      classicLine(C, 'aa', 'idle', 900),
      'kepler_node_package_joules_total{instance="worker-7",mode="dynamic",package="0"} 55',
      'kepler_exporter_build_info{version="v0.8.1"} 1',
    );

    expect(scrape).toMatchObject({
      generation: 'classic',
      version: 'v0.8.1',
      basis: 'classic total',
      node: 'worker-7',
    });
    expect(scrape.counters).toEqual([
      {
        key: 'aa',
        namespace: 'ns',
        pod: 'pod-aa',
        container: 'app',
        node: 'worker-7',
        total: 12.5,
        kind: 'cpu',
        resolved: true,
      },
    ]);
  });

  it.each([
    ['v0.7.2', 'classic components', 15],
    ['v0.7.3', 'classic components', 15],
    ['v0.7.4', 'classic total', 99],
    ['v0.9.0', 'classic total', 99],
    ['', 'classic total', 99],
  ])('adds up version %j from its %s', (version, basis, joules) => {
    // package 10 + dram 2 + other 3 + gpu 0; core and platform would count twice.
    const parts = { package: 10, dram: 2, other: 3, gpu: 0, core: 6, platform: 40 };
    const lines = Object.entries(parts).map(([part, value]) =>
      classicLine(`kepler_container_${part}_joules_total`, 'aa', 'dynamic', value),
    );

    const scrape = read(
      classicLine(C, 'aa', 'dynamic', 99),
      ...lines,
      `kepler_exporter_build_info{version="${version}"} 1`,
    );

    expect(scrape.basis).toBe(basis);
    expect(scrape.counters.map((counter) => counter.total)).toEqual([joules]);
  });

  it('notices millijoules in a build that hides its version', () => {
    const scrape = read(
      classicLine(C, 'aa', 'dynamic', 15_000),
      classicLine('kepler_container_package_joules_total', 'aa', 'dynamic', 15),
    );

    expect(scrape.counters.map((counter) => counter.total)).toEqual([15]);
  });

  it('goes by the names where there is no container id', () => {
    const scrape = read(
      `${C}{command="",container_name="app",container_namespace="ns",mode="dynamic",pod_name="p"} 4`,
      `${C}{container_id="",container_name="other",container_namespace="ns",mode="dynamic",pod_name="p"} 5`,
    );

    expect(scrape.counters.map(({ key, total }) => [key, total])).toEqual([
      ['ns/p/app', 4],
      ['ns/p/other', 5],
    ]);
  });

  it('leaves out and counts values that are no counters', () => {
    const scrape = read(
      classicLine(C, 'aa', 'dynamic', 1),
      classicLine(C, 'bb', 'dynamic', Number.NaN),
      classicLine(C, 'cc', 'dynamic', -3),
      `${C}{container_id="dd"} many`,
    );

    expect(scrape.counters.map((counter) => counter.key)).toEqual(['aa']);
    expect(scrape.malformed).toBe(3);
  });
});

describe('Kepler from 0.10 on', () => {
  it('joins containers to pods and adds package and dram only', () => {
    const scrape = read(
      cpu('c1', 'p1', 'package', 10),
      cpu('c1', 'p1', 'dram', 4),
      cpu('c1', 'p1', 'core', 7),
      cpu('c1', 'p1', 'psys', 30),
      pod('p1', 'web-0', 'shop'),
      'kepler_build_info{version="v0.11.1"} 1',
    );

    expect(scrape).toMatchObject({ generation: 'rewrite', version: 'v0.11.1', basis: 'zones package+dram' });
    expect(scrape.counters).toEqual([
      {
        key: 'c1',
        namespace: 'shop',
        pod: 'web-0',
        container: 'app',
        node: 'n1',
        total: 14,
        kind: 'cpu',
        resolved: true,
      },
    ]);
  });

  it.each([
    [['package-0', 'package-1', 'core'], undefined, 2],
    [['psys', 'core'], undefined, 1],
    [['ppt', 'core_power'], 'ppt', 1],
  ])('of the zones %j, with %j configured, adds up %d', (zones, zone, joules) => {
    const scrape = read({ zone }, ...zones.map((name) => cpu('c1', 'p1', name, 1)), pod('p1', 'x', 'y'));

    expect(scrape.counters.map((counter) => counter.total)).toEqual([joules]);
  });

  it('keeps a container whose pod is not known yet under its id', () => {
    const scrape = read(cpu('c9', '', 'package', 2), pod('p1', 'web-0', 'shop'));

    expect(scrape.counters[0]).toMatchObject({ namespace: '', pod: '', container: 'c9', resolved: false });
  });

  it('takes a container that stands both running and terminated once', () => {
    const terminated = cpu('c1', 'p1', 'package', 9).replace('running', 'terminated');

    const scrape = read(cpu('c1', 'p1', 'package', 8), terminated, pod('p1', 'web-0', 'shop'));

    expect(scrape.counters.map(({ key, total }) => [key, total])).toEqual([['c1', 9]]);
  });

  it('counts GPU energy on its own', () => {
    const gpu =
      'kepler_container_gpu_joules_total{container_id="c1",container_name="app",node_name="n1",pod_id="p1"} 50';

    const scrape = read(cpu('c1', 'p1', 'package', 8), gpu, pod('p1', 'web-0', 'shop'));

    expect(scrape.counters.map(({ key, total, kind }) => [key, total, kind])).toEqual([
      ['c1', 8, 'cpu'],
      ['c1 gpu', 50, 'gpu'],
    ]);
  });
});

describe('GPUs of classic Kepler', () => {
  const node = 'kepler_node_gpu_joules_total{instance="n1",mode="dynamic",package="0"} 120';
  const lines = (gpu: number) => [
    classicLine(C, 'aa', 'dynamic', 115.5),
    classicLine('kepler_container_package_joules_total', 'aa', 'dynamic', 10.25),
    classicLine('kepler_container_dram_joules_total', 'aa', 'dynamic', 5),
    classicLine('kepler_container_gpu_joules_total', 'aa', 'dynamic', gpu),
    'kepler_exporter_build_info{version="v0.8.1"} 1',
  ];

  it('are counted on their own, and processors by the parts that leave them out', () => {
    const scrape = read(...lines(100), node, node.replace('dynamic', 'idle').replace('120', '30'));

    expect(scrape.basis).toBe('classic components');
    expect(scrape.counters.map(({ key, total, kind }) => [key, total, kind])).toEqual([
      ['aa', 15.25, 'cpu'],
      ['aa gpu', 100, 'gpu'],
    ]);
    expect(scrape.gpus).toEqual(new Map([['n1', 150]]));
    expect(scrape.totalIsSound).toBe(false);
  });

  it('make a body that was read by its total alone be read again whole', () => {
    expect(() => read(...lines(100), { totalIsSound: true })).toThrow(expect.objectContaining({ reason: 'changed' }));
  });

  it('are left out where none was ever used', () => {
    const scrape = read(...lines(0), node.replace('120', '0'));

    expect(scrape.basis).toBe('classic total');
    expect(scrape.counters).toHaveLength(1);
    expect(scrape.gpus.size).toBe(0);
  });
});

describe('GPUs of a rewritten Kepler', () => {
  it('are counters of their own, one for each GPU, with what all GPUs of the node used', () => {
    const gpu = (device: string, state: string, value: number) =>
      `kepler_container_gpu_joules_total{container_id="c1",gpu="${device}",node_name="n1",pod_id="p1",state="${state}"} ${value}`;
    const nodeGpu = (device: string, value: number) =>
      `kepler_node_gpu_joules_total{gpu="${device}",gpu_uuid="GPU-${device}",node_name="n1",vendor="nvidia"} ${value}`;

    const scrape = read(
      cpu('c1', 'p1', 'package', 8),
      ...[gpu('0', 'running', 50), gpu('0', 'terminated', 49), gpu('1', 'running', 7)],
      ...[nodeGpu('0', 80), nodeGpu('1', 20), pod('p1', 'web-0', 'shop')],
    );

    expect(scrape.counters.map(({ key, total, kind }) => [key, total, kind])).toEqual([
      ['c1', 8, 'cpu'],
      ['c1 gpu 0', 50, 'gpu'],
      ['c1 gpu 1', 7, 'gpu'],
    ]);
    expect(scrape.gpus).toEqual(new Map([['n1', 100]]));
  });
});

describe('a Kepler that shows processes alone', () => {
  const process = (pid: number, comm: string, value: number) =>
    `kepler_process_cpu_joules_total{comm="${comm}",container_id="",exe="/usr/bin/${comm}",node_name="laptop",pid="${pid}",state="running",type="regular",vm_id="",zone="package"} ${value}`;

  it('names rows after their commands', () => {
    const scrape = read(process(7, 'postgres', 4), process(8, 'postgres', 2), process(9, 'node', 1));

    expect(scrape.counters.map(({ container, total, resolved }) => [container, total, resolved])).toEqual([
      ['postgres', 4, true],
      ['postgres', 2, true],
      ['node', 1, true],
    ]);
    expect(new Set(scrape.counters.map(({ key }) => key)).size).toBe(3);
  });

  it('is read by its containers where it shows any: processes are parts of them', () => {
    const scrape = read(cpu('c1', 'p1', 'package', 8), pod('p1', 'web-0', 'shop'), process(7, 'node', 8));

    expect(scrape.counters.map(({ container, total }) => [container, total])).toEqual([['app', 8]]);
  });
});

describe('the power of whole machines', () => {
  it('is what their controllers show, all chassis of a node together', () => {
    const platform = (chassis: string, value: number) =>
      `kepler_platform_watts{bmc_id="b1",chassis_id="${chassis}",node_name="n1",source="redfish",source_id="PC1"} ${value}`;

    const scrape = read(
      cpu('c1', 'p1', 'package', 8),
      pod('p1', 'web-0', 'shop'),
      platform('1', 180),
      platform('2', 20),
    );

    expect(scrape.platform).toEqual(new Map([['n1', 200]]));
  });
});

describe('how busy a node was', () => {
  const node = (name: string, ratio: number, joules = 500) => [
    cpu(`c-${name}`, 'p1', 'package', 8).replace('"n1"', `"${name}"`),
    `kepler_node_cpu_joules_total{node_name="${name}",path="/sys",zone="package"} ${joules}`,
    `kepler_node_cpu_usage_ratio{node_name="${name}"} ${ratio}`,
  ];
  const processors = (labels: string) => [0, 1, 2, 3].map((at) => `kepler_node_cpu_info{${labels}processor="${at}"} 1`);

  it.each([
    [0.5, { joules: 500, busyCores: 2 }],
    [1, { joules: 500, busyCores: 4 }],
    [1.0001, undefined],
    [40, undefined],
  ])('is its usage ratio times its processors, and unknown above 1: %d', (ratio, usage) => {
    expect(read(...node('n1', ratio), ...processors('')).usage.get('n1')).toEqual(usage);
  });

  it('is unknown without the number of processors', () => {
    expect(read(...node('n1', 0.5)).usage.size).toBe(0);
  });

  it('is known node by node in a body of several, where processors have their node', () => {
    const body = [...node('n1', 0.5, 500), ...node('n2', 0.25, 900), ...processors('node_name="n2",')];

    expect([...read(...body).usage]).toEqual([['n2', { joules: 900, busyCores: 1 }]]);
    expect([...read(...node('n1', 0.5), ...node('n2', 0.5), ...processors('')).usage]).toEqual([]);
  });
});

describe('how power is known', () => {
  it.each([
    ['modelled', `${classicLine(C, 'aa', 'dynamic', 1).replace('source=""', 'source="trained_power_model"')}`],
    ['measured', classicLine(C, 'aa', 'dynamic', 1)],
    ['simulated', `kepler_build_info{version="simulated"} 1\n${cpu('c1', 'p1', 'package', 1)}`],
    ['measured', `kepler_build_info{version="v0.11.4"} 1\n${cpu('c1', 'p1', 'package', 1)}`],
  ])('is %s', (quality, body) => {
    expect(read(body).quality).toBe(quality);
  });
});

describe('what a node used beside its containers', () => {
  it('is the idle part of package and dram in classic bodies', () => {
    const node = (part: string, mode: string, value: number) =>
      `kepler_node_${part}_joules_total{instance="n1",mode="${mode}"} ${value}`;

    const scrape = read(
      classicLine(C, 'aa', 'dynamic', 1),
      node('package', 'idle', 100),
      node('package', 'dynamic', 7),
      node('dram', 'idle', 20),
      node('platform', 'idle', 500),
    );

    expect(scrape.counters[1]).toMatchObject({ namespace: '__idle__', node: 'n1', total: 120 });
  });

  it('is the idle part of the chosen zones from 0.10 on', () => {
    const idle = (zone: string, value: number) =>
      `kepler_node_cpu_idle_joules_total{node_name="n1",path="/sys",zone="${zone}"} ${value}`;

    const scrape = read(
      cpu('c1', 'p1', 'package', 8),
      cpu('c1', 'p1', 'dram', 1),
      idle('package', 40),
      idle('dram', 5),
      idle('core', 30),
    );

    expect(scrape.counters[1]).toMatchObject({ namespace: '__idle__', node: 'n1', total: 45 });
  });
});

describe('a body whose total was found to be sound', () => {
  const parts = ['package', 'dram'].map((part) =>
    classicLine(`kepler_container_${part}_joules_total`, 'aa', 'dynamic', 1_000_000),
  );

  it('is read without the parts of the total', () => {
    const body = [classicLine(C, 'aa', 'dynamic', 9), ...parts, 'kepler_exporter_build_info{version="v0.8.0"} 1'];

    const scrape = read({ totalIsSound: true }, ...body);

    expect(scrape).toMatchObject({ basis: 'classic total', totalIsSound: true, counters: [{ total: 9 }] });
  });

  it('is refused when the exporter is of another version now', () => {
    const body = [classicLine(C, 'aa', 'dynamic', 9), ...parts, 'kepler_exporter_build_info{version="v0.7.3"} 1'];

    expect(() => read({ totalIsSound: true }, ...body)).toThrow(expect.objectContaining({ reason: 'changed' }));
  });
});

describe('a body that gives no counters', () => {
  it.each([
    ['html', '\n <!doctype html><title>Sign in</title>\n'],
    ['truncated', `${classicLine(C, 'aa', 'dynamic', 1)}\n${C}{contai`],
    ['foreign', 'up 1\n'],
    ['foreign', ''],
    ['no-containers', 'kepler_build_info{version="v0.11.1"} 1\n'],
    ['no-containers', `${classicLine(C, 'aa', 'idle', 1)}\n`],
    ['no-usable-zone', `${cpu('c1', 'p1', 'ppt', 3)}\n`],
  ])('is refused as %s: %j', (reason, body) => {
    expect(() => readKepler(Buffer.from(body))).toThrow(expect.objectContaining({ reason }));
    expect(() => readKepler(Buffer.from(body))).toThrow(KeplerBodyError);
  });

  it('is refused as truncated when OpenMetrics lacks its end', () => {
    const body = Buffer.from(`${classicLine(C, 'aa', 'dynamic', 1)}\n`);

    expect(() => readKepler(body, { openMetrics: true })).toThrow(expect.objectContaining({ reason: 'truncated' }));
  });
});

function read(...parts: (string | ReaderOptions)[]): KeplerScrape {
  const lines = parts.filter((part) => typeof part === 'string');
  const options = parts.find((part) => typeof part !== 'string') ?? {};
  return readKepler(Buffer.from(`${lines.join('\n')}\n`), options);
}

function classicLine(metric: string, id: string, mode: string, value: number): string {
  return `${metric}{container_id="${id}",container_name="app",container_namespace="ns",mode="${mode}",pod_name="pod-${id}",source=""} ${value}`;
}

function cpu(id: string, podId: string, zone: string, value: number): string {
  return `kepler_container_cpu_joules_total{container_id="${id}",container_name="app",node_name="n1",pod_id="${podId}",runtime="containerd",state="running",zone="${zone}"} ${value}`;
}

function pod(id: string, name: string, namespace: string): string {
  return `kepler_pod_cpu_joules_total{node_name="n1",pod_id="${id}",pod_name="${name}",pod_namespace="${namespace}",state="running",zone="package"} 1`;
}
