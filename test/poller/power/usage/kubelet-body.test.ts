import { describe, expect, it } from 'vitest';
import { readKubeletUsage } from '../../../../poller/power/usage/kubelet-body.ts';

/** What a kubelet of 1.29 and later serves, shortened: swap and pods are there, too, and are not read. */
const BODY = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="app",namespace="shop",pod="web-7d9f-x2x9k"} 812.340001 1767268795350
container_cpu_usage_seconds_total{container="proxy",namespace="shop",pod="web-7d9f-x2x9k"} 9.25 1767268795350
container_cpu_usage_seconds_total{container="coredns",namespace="kube-system",pod="coredns-1"} 4.1e+02 1767268790011
# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="app",namespace="shop",pod="web-7d9f-x2x9k"} 3.5e+07 1767268795350
# HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
# TYPE container_start_time_seconds gauge
container_start_time_seconds{container="app",namespace="shop",pod="web-7d9f-x2x9k"} 1.7672e+09
# HELP container_swap_usage_bytes [ALPHA] Current amount of the container swap usage in bytes
# TYPE container_swap_usage_bytes gauge
container_swap_usage_bytes{container="app",namespace="shop",pod="web-7d9f-x2x9k"} 0 1767268795350
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 1843.118203 1767268794870
# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds
# TYPE pod_cpu_usage_seconds_total counter
pod_cpu_usage_seconds_total{namespace="shop",pod="web-7d9f-x2x9k"} 821.6 1767268792150
# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise
# TYPE resource_scrape_error gauge
resource_scrape_error 0
`;

describe('a body of a kubelet', () => {
  it('gives CPU time, memory and start of every container, each with the time at which the kubelet measured it', () => {
    const web = { namespace: 'shop', pod: 'web-7d9f-x2x9k' };

    expect(readKubeletUsage('n1', BODY)).toEqual({
      node: { cpuSeconds: 1843.118203, at: 1_767_268_794_870 },
      containers: [
        {
          ...{ ...web, container: 'app', cpuSeconds: 812.340001, at: 1_767_268_795_350 },
          ...{ memoryBytes: 35_000_000, startedAt: 1_767_200_000_000 },
        },
        // What is missing is missing, never 0.
        { ...web, container: 'proxy', cpuSeconds: 9.25, at: 1_767_268_795_350, memoryBytes: undefined },
        { namespace: 'kube-system', pod: 'coredns-1', container: 'coredns', cpuSeconds: 410, at: 1_767_268_790_011 },
      ],
      partial: false,
      malformed: 0,
    });
  });

  it.each([
    ['below zero', '812.340001', '-1'],
    ['not a number', '812.340001', 'NaN'],
    ['infinite', '812.340001', '+Inf'],
    ['without a time', ' 812.340001 1767268795350', ' 812.340001'],
    ['of no container', 'container="app",namespace="shop",pod="web-7d9f-x2x9k"} 812', 'namespace="shop"} 812'],
  ])('leaves out and counts a counter that is %s', (_, right, wrong) => {
    const { containers, malformed } = readKubeletUsage('n1', BODY.replace(right, wrong));

    expect(containers.map(({ container }) => container)).toEqual(['proxy', 'coredns']);
    expect(malformed).toBe(1);
  });

  it('of a kubelet before 1.29, whose error has another name, is read as well', () => {
    const old = BODY.replaceAll('resource_scrape_error', 'scrape_error').replace('scrape_error 0', 'scrape_error 1');

    expect(readKubeletUsage('n1', old)).toMatchObject({ partial: true, containers: { length: 3 } });
  });
});
