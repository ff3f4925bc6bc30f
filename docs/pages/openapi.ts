import { routes } from '../../extender/api/app.ts';
import { openApiDocument } from '../../extender/api/openapi/document.ts';
import type { ApiDependencies } from '../../extender/api/route.ts';

/** The description of the REST API, the same as the server gives at /openapi.json. */
export function openApiPage(): string {
  // Routes look at what they are given only when they are called.
  const none = {} as ApiDependencies;
  return `${JSON.stringify(openApiDocument(routes(none)), null, 2)}\n`;
}
