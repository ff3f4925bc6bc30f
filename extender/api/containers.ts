import { z } from 'zod';
import { isoTime } from '../../shared/grid/units.ts';
import { type Container, IDLE, SYSTEM } from '../../shared/records/power.ts';
import type { Operation } from './openapi/operation.ts';
import { containersResponse } from './openapi/responses.ts';
import { checked } from './problem.ts';
import type { ApiDependencies, Route } from './route.ts';

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
      const named = spans.filter(({ container }) => container.namespace !== IDLE && container.namespace !== SYSTEM);
      response.json(
        named.map(({ container, first, last }) => ({
          ...containerJson(container),
          first_measurement: isoTime(first),
          last_measurement: isoTime(last),
        })),
      );
    },
  };
}

/** A container as responses name it, with how its power is known. */
export function containerJson({ powerQuality = 'measured', powerModel, ...names }: Container) {
  return {
    ...names,
    power_quality: powerQuality,
    ...(powerModel && { power_model: powerModel }),
  };
}
