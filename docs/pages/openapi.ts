import { describedRoutes } from '../../extender/api/app.ts';
import { openApiDocument } from '../../extender/api/openapi/document.ts';

/** The description of the REST API, the same as the server gives at /openapi.json. */
export function openApiPage(): string {
  return `${JSON.stringify(openApiDocument(describedRoutes()), null, 2)}\n`;
}
