import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import {
  type Container,
  type ContainerSpan,
  IDLE,
  type PowerModel,
  SYSTEM,
  UNMETERED,
} from '../../shared/records/power.ts';
import { containerKey } from '../../shared/records/power-facts.ts';
import type { Operation } from './openapi/operation.ts';
import { containersResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

/** Namespaces of energy that no container used. */
const NO_CONTAINERS: ReadonlySet<string> = new Set([IDLE, SYSTEM, UNMETERED]);

const name = z.string().max(253).optional();

/** Query parameters that narrow a list of containers. */
export const containersQuery = z.strictObject({ namespace: name, pod: name, container: name, node: name });

/** `GET /api/containers`, as the API's description shows it. */
export const containersOperation: Operation = {
  method: 'GET',
  path: '/api/containers',
  tag: 'power',
  summary: 'Containers with recorded power',
  query: containersQuery,
  response: { description: 'Containers by name, each with the time that its record spans', schema: containersResponse },
};

/** `GET /api/containers`: every container with recorded power, and the time that its record spans. */
export function containersRoute({ store }: ApiDependencies): Route {
  return {
    operation: containersOperation,
    async handle(request, response) {
      const spans = await store.containers(checked(containersQuery, request.query));
      const named = spans.filter(({ container }) => !NO_CONTAINERS.has(container.namespace));
      response.json([...Map.groupBy(named, ({ container }) => nameOf(container)).values()].map(rowOf));
    },
  };
}

/** A container's processors and its GPUs as one row. */
function rowOf(spans: readonly ContainerSpan[]) {
  const gpu = spans.find(({ container }) => container.device === 'gpu');
  const own = spans.find(({ container }) => container.device === undefined) ?? gpu;
  return {
    ...containerJson((own as ContainerSpan).container),
    gpu_power_quality: gpu === undefined ? null : (gpu.container.powerQuality ?? 'measured'),
    first_measurement: isoTime(Math.min(...spans.map(({ first }) => first))),
    last_measurement: isoTime(Math.max(...spans.map(({ last }) => last))),
  };
}

function nameOf(container: Container): string {
  return containerKey({ ...container, device: undefined });
}

/** A container as responses name it, with how its power is known. */
export function containerJson({ powerQuality = 'measured', powerModel, device: _device, ...names }: Container) {
  return {
    ...names,
    power_quality: powerQuality,
    ...(powerModel && { power_model: modelJson(powerModel) }),
  };
}

/** A model as responses show it. */
export function modelJson({ calibration, ...model }: PowerModel) {
  return { ...model, ...(calibration && { calibration: { ...calibration, at: isoTime(calibration.at) } }) };
}
