// Flow: the examples of scaling by carbon intensity against the metric and the route that they read.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import openapi from '../../docs/openapi.json' with { type: 'json' };
import { createPollerMetrics } from '../../poller/metrics.ts';
import { ROOT } from '../laws/sources.ts';

const FOLDER = join(ROOT, 'k8s/examples');
const examples = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);

describe('the examples of scaling by intensity', () => {
  it('are Kubernetes objects, each named in the guide', () => {
    const guide = readFileSync(join(ROOT, 'docs/autoscaling.md'), 'utf8');

    expect(examples).toHaveLength(3);
    for (const [name, text] of examples) {
      expect(parse(text)).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
      expect(guide).toContain(`../k8s/examples/${name}`);
    }
  });

  it('read a metric that the poller exports with the label region', () => {
    const metric = createPollerMetrics().registry.getSingleMetric('grid_carbon_intensity') as unknown as {
      labelNames: string[];
    };

    expect(metric.labelNames).toContain('region');
    expect(examples.filter(([, text]) => text.includes('grid_carbon_intensity{region='))).toHaveLength(1);
  });

  it('read a route and parameters that the API has', () => {
    const urls = examples.flatMap(([, text]) => [...text.matchAll(/url: (\S+)/g)].map(([, url = '']) => new URL(url)));
    const paths = openapi.paths as Record<string, { get?: { parameters?: { name: string }[] } }>;

    expect(urls).toHaveLength(1);
    for (const { pathname, searchParams } of urls)
      expect(paths[pathname]?.get?.parameters?.map(({ name }) => name)).toEqual(
        expect.arrayContaining([...searchParams.keys()]),
      );
  });
});
