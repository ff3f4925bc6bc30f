import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import { ExpositionScanner } from '../../poller/power/exposition/scanner.ts';
import { CLASSIC_TOTAL_METRICS } from '../../poller/power/kepler/classic-body.ts';
import { readKepler } from '../../poller/power/kepler/reader.ts';
import { REWRITE_METRICS } from '../../poller/power/kepler/rewrite-body.ts';
import { type Comparison, compare } from './measure.ts';

/** Processes are wanted of a Kepler without containers only. */
const WANTED = [...new Set([...CLASSIC_TOTAL_METRICS, ...REWRITE_METRICS])].filter(
  (name) => !name.includes('process_'),
);
const CONTAINERS = 60;

/** The exposition scanner over one node's body: beside a mere look through the decoded text, and beside the rival. */
export async function benchExposition(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [generation, body] of [
    ['classic', classicBody()],
    ['rewrite', rewriteBody()],
  ] as const) {
    const size = `${generation}, ${(body.length / 1e6).toFixed(2)} MB`;
    const floor = () => body.toString().indexOf('no such metric');
    const rival = () => parsePrometheusTextFormat(body.toString());
    const scanner = () => scan(body);
    const rounds = { rounds: 40, warmUp: 10 };
    comparisons.push(await compare(`scanner / decode+indexOf (${size})`, { ours: scanner, floor }, rounds));
    comparisons.push(
      await compare(
        `scanner to counters / decode+indexOf (${size})`,
        { ours: () => readKepler(body, { totalIsSound: true }), floor },
        rounds,
      ),
    );
    comparisons.push(
      await compare(`parse-prometheus-text-format / scanner (${size})`, { ours: rival, floor: scanner }, rounds),
    );
    comparisons.push(
      await compare(
        `parse-prometheus-text-format / scanner to counters (${size})`,
        { ours: rival, floor: () => readKepler(body, { totalIsSound: true }) },
        rounds,
      ),
    );
  }
  return comparisons;
}

function scan(body: Buffer): number {
  let sum = 0;
  const scanner = new ExpositionScanner(WANTED, (sample) => {
    sum += sample.value;
  });
  // The size of the pieces that a socket delivers.
  for (let at = 0; at < body.length; at += 65_536) scanner.push(body.subarray(at, at + 65_536));
  scanner.end();
  return sum;
}

/** Every metric that Kepler 0.8 has for a container of a node without GPUs, the counts of its eBPF probes included. */
function classicBody(): Buffer {
  const energy = ['core', 'dram', 'gpu', 'joules', 'other', 'package', 'platform', 'uncore'];
  const counts = [
    'bpf_cpu_time_ms',
    'bpf_net_rx_irq',
    'bpf_net_tx_irq',
    'cache_miss',
    'cpu_cycles',
    'cpu_instructions',
  ];
  const lines: string[] = [];
  for (const name of energy.map((part) => (part === 'joules' ? 'joules' : `${part}_joules`))) {
    lines.push(`# TYPE kepler_container_${name}_total counter`);
    for (let index = 0; index < CONTAINERS; index += 1)
      for (const mode of ['dynamic', 'idle'])
        lines.push(
          `kepler_container_${name}_total{${classicLabels(index)},mode="${mode}",pod_name="pod-${index}",source="rapl"} ${name === 'gpu_joules' ? 0 : index * 7.125}`,
        );
  }
  for (const name of [...counts, ...counts.map((count) => `${count}_by_kind`)]) {
    lines.push(`# TYPE kepler_container_${name}_total counter`);
    for (let index = 0; index < CONTAINERS * 3; index += 1)
      lines.push(
        `kepler_container_${name}_total{${classicLabels(index)},pod_name="pod-${index}",source="bpf"} ${index * 1001}`,
      );
  }
  lines.push('kepler_exporter_build_info{version="v0.8.2"} 1');
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Containers and pods of Kepler 0.11 in five zones, among its far more numerous processes. */
function rewriteBody(): Buffer {
  const lines: string[] = [];
  const add = (kind: string, count: number, labels: (index: number) => string) => {
    for (const unit of ['joules_total', 'watts'])
      for (let index = 0; index < count; index += 1)
        for (const zone of ['core', 'dram', 'package', 'psys', 'uncore'])
          lines.push(
            `kepler_${kind}_cpu_${unit}{${labels(index)},node_name="worker-1",state="running",zone="${zone}"} ${index * 3.0625}`,
          );
  };
  add(
    'container',
    CONTAINERS,
    (index) =>
      `container_id="${hex(index)}",container_name="app-${index}",pod_id="${uuid(index)}",runtime="containerd"`,
  );
  add('pod', CONTAINERS, (index) => `pod_id="${uuid(index)}",pod_name="pod-${index}",pod_namespace="shop"`);
  add(
    'process',
    CONTAINERS * 8,
    (index) =>
      `comm="worker",container_id="${hex(index)}",exe="/usr/bin/worker",pid="${index}",type="container",vm_id=""`,
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

function classicLabels(index: number): string {
  return `container_id="${hex(index)}",container_name="app-${index}",container_namespace="shop"`;
}

function hex(index: number): string {
  return (index + 4096).toString(16).padStart(64, '0');
}

function uuid(index: number): string {
  return `1b1b1b1b-0000-4000-8000-${String(index).padStart(12, '0')}`;
}
