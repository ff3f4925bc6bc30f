import type { Route } from '../route.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import type { Operation } from './operation.ts';
import { descriptionPage, PAGE_POLICY } from './page.ts';
import { docsOperation, openApiOperation } from './self.ts';

/** `GET /openapi.json` and `GET /docs`: the description of some operations, for programs and for people. */
export function descriptionRoutes(operations: readonly Operation[]): Route[] {
  let made: OpenApiDocument | undefined;
  const document = () => {
    made ??= openApiDocument(operations);
    return made;
  };
  return [
    {
      operation: openApiOperation,
      async handle(_request, response) {
        response.json(document());
      },
    },
    {
      operation: docsOperation,
      async handle(_request, response) {
        response.setHeader('Content-Security-Policy', PAGE_POLICY);
        response.setHeader('X-Content-Type-Options', 'nosniff');
        response.type('text/html; charset=utf-8').send(descriptionPage(document()));
      },
    },
  ];
}
