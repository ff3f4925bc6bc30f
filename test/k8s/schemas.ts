import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv, type ErrorObject } from 'ajv';
import type { KubeObject } from './objects.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = { [word: string]: unknown };

/** Kubernetes' own schemas of the kinds that the project uses: kind → definition. */
export interface Schemas {
  readonly source: readonly string[];
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

/** Where the recorded schemas lie; made by record-schemas.ts. */
export const SCHEMAS = join(import.meta.dirname, 'fixtures/kubernetes-schemas.json.gz');

/** How a kind is called in {@link Schemas}. */
export function definitionName(apiVersion: string, kind: string): string {
  return `${apiVersion}/${kind}`;
}

/** Reads the recorded schemas. */
export function recordedSchemas(): Schemas {
  return JSON.parse(gunzipSync(readFileSync(SCHEMAS)).toString('utf8')) as Schemas;
}

/** A check of one object that answers with every fault; an unknown kind is one. */
export function schemaCheck(): (object: KubeObject) => string[] {
  const schemas = recordedSchemas();
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'kubernetes', definitions: schemas.definitions });
  return (object) => {
    const definition = schemas.kinds[definitionName(object.apiVersion, object.kind)];
    if (definition === undefined) return [`${object.apiVersion} ${object.kind} has no recorded schema`];
    const check = ajv.getSchema(`kubernetes#/definitions/${definition.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (check === undefined) return [`the schema of ${definition} cannot be read`];
    return check(object) ? [] : (check.errors ?? []).map(describe);
  };
}

function describe(error: ErrorObject): string {
  const { additionalProperty } = error.params as { additionalProperty?: string };
  return `${error.instancePath} ${error.message}${additionalProperty ? `: ${additionalProperty}` : ''}`;
}
