import { openApiDocument } from '../../extender/api/openapi/document.ts';
import { OPERATIONS } from '../../extender/api/openapi/operations.ts';

/** The description of the REST API, the same as the server gives at /openapi.json. */
export function openApiPage(): string {
  return `${JSON.stringify(openApiDocument(OPERATIONS), null, 2)}\n`;
}
