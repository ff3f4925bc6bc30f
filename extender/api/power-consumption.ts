import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import type { Container, ContainerFilter, PowerModel, PowerQuality, PowerSample } from '../../shared/records/power.ts';
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
  /** Share of the minute for which power is known. */
  coverage: number;
  readonly measurements: { timestamp: string; joules_per_second: number; joules: number }[];
}

/** `POST /api/power-consumption`, as the API's description shows it. */
export const powerConsumptionOperation: Operation = {
  method: 'POST',
  path: '/api/power-consumption',
  tag: 'power',
  summary: 'The last minutes of power of each container',
  description: 'A block holds the samples whose interval ends within one minute.',
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
  const containers: (Required<Pick<Container, keyof ContainerFilter>> & {
    quality: PowerQuality;
    power_model?: PowerModel;
    blocks: Block[];
  })[] = [];
  let current: Container | undefined;
  let blocks = new Map<number, Block>();
  for (const sample of samples) {
    if (sample.container !== current) {
      current = sample.container;
      blocks = new Map();
      const { powerQuality: quality = 'measured', powerModel, ...names } = current;
      containers.push({ ...names, quality, ...(powerModel && { power_model: powerModel }), blocks: [] });
    }
    // A block holds the samples whose interval ends after its start, up to its end.
    const start = Math.floor((sample.end - 1) / MINUTE_MS) * MINUTE_MS;
    let block = blocks.get(start);
    if (block === undefined) {
      block = { block_start: isoTime(start), block_end: isoTime(start + MINUTE_MS), coverage: 0, measurements: [] };
      blocks.set(start, block);
      containers.at(-1)?.blocks.push(block);
    }
    const within = (sample.end - Math.max(sample.start, start)) / MINUTE_MS;
    block.coverage = Math.min(1, block.coverage + within);
    const seconds = (sample.end - sample.start) / 1000;
    const { joules } = sample;
    block.measurements.push({ timestamp: isoTime(sample.end), joules_per_second: joules / seconds, joules });
  }
  return containers;
}
