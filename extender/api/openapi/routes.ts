import type { Route } from '../route.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import { descriptionPage, PAGE_POLICY } from './page.ts';

/** `GET /openapi.json` and `GET /docs`: what the API is, for programs and for people. `all` tells every route. */
export function descriptionRoutes(all: () => readonly Route[]): Route[] {
  let made: OpenApiDocument | undefined;
  const document = () => {
    made ??= openApiDocument(all());
    return made;
  };
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      async handle(_request, response) {
        response.json(document());
      },
    },
    {
      method: 'GET',
      path: '/docs',
      async handle(_request, response) {
        response.setHeader('Content-Security-Policy', PAGE_POLICY);
        response.setHeader('X-Content-Type-Options', 'nosniff');
        response.type('text/html; charset=utf-8').send(descriptionPage(document()));
      },
    },
  ];
}
