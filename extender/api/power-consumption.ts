import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import type { Container, PowerSample } from '../../shared/records/power.ts';
import { containerKey } from '../../shared/records/power-facts.ts';
import { modelJson } from './containers.ts';
import type { Operation } from './openapi/operation.ts';
import { powerResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

const MINUTE_MS = 60_000;
/** Clients write null for what they leave out. */
const name = z
  .string()
  .max(253)
  .optional()
  .meta({ type: ['string', 'null'] });

const body = z.strictObject({
  n: z
    .int()
    .min(1)
    .max(1440)
    .default(5)
    .meta({ type: ['integer', 'null'] }),
  pod: name,
  container: name,
  namespace: name,
});

interface Block {
  readonly block_start: string;
  readonly block_end: string;
  /** Time of the minute for which power is known, of processors and of GPUs. */
  readonly coveredMs: Record<'cpu' | 'gpu', number>;
  readonly measurements: { timestamp: string; joules_per_second: number; joules: number; gpu_joules: number | null }[];
}

/** `POST /api/power-consumption`, as the API's description shows it. */
export const powerConsumptionOperation: Operation = {
  method: 'POST',
  path: '/api/power-consumption',
  tag: 'power',
  summary: 'The last minutes of power of each container',
  description:
    'A block holds the samples whose interval ends within one minute. What a container used on GPUs is in measurements of its own, whose gpu_joules are their joules.',
  body,
  response: { description: 'Containers, each with its last n blocks', schema: powerResponse },
};

/** `POST /api/power-consumption`: the last n minutes with samples of every container that matches. */
export function powerConsumptionRoute({ store }: ApiDependencies): Route {
  return {
    operation: powerConsumptionOperation,
    async handle(request, response) {
      const { n, ...filter } = checked(body, request.body);
      const samples = await store.lastBlocks(filter, n);
      response.json(byContainer(samples));
    },
  };
}

function byContainer(samples: readonly PowerSample[]) {
  const containers = new Map<string, ReturnType<typeof containerOf> & { readonly blocks: Map<number, Block> }>();
  for (const sample of samples) {
    const key = containerKey({ ...sample.container, device: undefined });
    let known = containers.get(key);
    if (known === undefined) {
      known = { ...containerOf(sample.container), blocks: new Map() };
      containers.set(key, known);
    }
    addTo(known.blocks, sample);
  }
  return [...containers.values()].map(({ blocks, ...names }) => ({
    ...names,
    // Samples of GPUs came behind those of processors.
    blocks: [...blocks].sort(([a], [b]) => a - b).map(([, block]) => inOrder(block)),
  }));
}

function containerOf({ powerQuality: quality = 'measured', powerModel, device: _device, ...names }: Container) {
  return { ...names, quality, ...(powerModel && { power_model: modelJson(powerModel) }) };
}

function addTo(blocks: Map<number, Block>, { container, start: from, end, joules }: PowerSample): void {
  // A block holds the samples whose interval ends after its start, up to its end.
  const start = Math.floor((end - 1) / MINUTE_MS) * MINUTE_MS;
  let block = blocks.get(start);
  if (block === undefined) {
    const [block_start, block_end] = [isoTime(start), isoTime(start + MINUTE_MS)];
    block = { block_start, block_end, coveredMs: { cpu: 0, gpu: 0 }, measurements: [] };
    blocks.set(start, block);
  }
  const { device = 'cpu' } = container;
  block.coveredMs[device] += end - Math.max(from, start);
  block.measurements.push({
    timestamp: isoTime(end),
    joules_per_second: joules / ((end - from) / 1000),
    joules,
    gpu_joules: device === 'gpu' ? joules : null,
  });
}

function inOrder({ coveredMs: { cpu, gpu }, measurements, ...times }: Block) {
  const coverage = Math.min(1, Math.max(cpu, gpu) / MINUTE_MS);
  return {
    ...times,
    coverage,
    measurements: measurements.sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp)),
  };
}
