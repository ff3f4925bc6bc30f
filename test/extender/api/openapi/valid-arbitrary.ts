import fc from 'fast-check';
import type { DescribedOperation, JsonSchema, Parameter } from '../../../../extender/api/openapi/document.ts';
import { alternativesOf, MEANT } from './arbitrary.ts';

/** A request that the API's description allows. */
export interface ValidRequest {
  /** The path with its parameters, and the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Requests of an operation that its description allows, in all their variety. */
export function validRequests(path: string, operation: DescribedOperation): fc.Arbitrary<ValidRequest> {
  const { parameters = [], requestBody } = operation;
  const inPlace = (where: Parameter['in']) => valuesOf(parameters.filter((parameter) => parameter.in === where));
  const types = Object.keys(requestBody?.content ?? {});
  const schema = requestBody?.content['application/json']?.schema;
  return fc
    .record({ path: inPlace('path'), query: inPlace('query'), header: inPlace('header') })
    .chain((values) =>
      fc.record({
        values: fc.constant(values),
        type: types.length > 0 ? fc.constantFrom(...types) : fc.constant(undefined),
        body: schema === undefined ? fc.constant(undefined) : validOf(schema),
      }),
    )
    .map(({ values, type, body }) => ({
      path: `${filled(path, values.path)}${search(values.query)}`,
      headers: { ...values.header, ...(type !== undefined && { 'content-type': type }) },
      body: body === undefined ? undefined : written(body, type),
    }));
}

function filled(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function search(values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(values).toString();
  return query === '' ? '' : `?${query}`;
}

/** NDJSON has one line for each item of a list. */
function written(body: unknown, type: string | undefined): string {
  if (type === 'application/json') return JSON.stringify(body);
  return [body]
    .flat()
    .map((item) => JSON.stringify(item))
    .join('\n');
}

function valuesOf(parameters: readonly Parameter[]): fc.Arbitrary<Record<string, string>> {
  const fields = parameters.map(({ name, schema }) => [name, validOf(schema, name).map(String)] as const);
  const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name);
  return fc.record(Object.fromEntries(fields), { requiredKeys });
}

/** Values that a JSON Schema allows; those of a known name often with a meaning. */
export function validOf(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  const meant = MEANT[name];
  const own = allowedBy(schema);
  return meant === undefined || schema.type === undefined
    ? own
    : fc.oneof(
        own,
        meant.filter((value) => fits(schema, value)),
      );
}

function allowedBy(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const either = alternativesOf(schema);
  if (either !== undefined) return fc.oneof(...either.map((one) => validOf(one)));
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => allowedBy({ ...schema, type })));
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { items = {}, minItems: minLength = 0 } = schema as { items?: JsonSchema; minItems?: number };
      return fc.array(validOf(items), { minLength, maxLength: Math.max(minLength, 4) });
    }
    case 'object':
      return objectOf(schema);
    default:
      return fc.jsonValue();
  }
}

function textOf(schema: JsonSchema): fc.Arbitrary<string> {
  const { pattern, minLength = 0, maxLength = 300 } = schema as Partial<Record<string, string>> & Lengths;
  const text =
    pattern === undefined
      ? fc
          .string({ minLength, maxLength: Math.min(maxLength, 300), unit: 'binary' })
          .map((found) => found.toWellFormed())
      : // What looks ahead is left to the check.
        fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?[=!][^)]*\)/g, '')), { size: 'xsmall' });
  return text.filter((found) => fits(schema, found));
}

interface Lengths {
  readonly minLength?: number;
  readonly maxLength?: number;
}

function numberOf(schema: JsonSchema): fc.Arbitrary<number> {
  const { minimum, maximum, exclusiveMinimum } = schema as Partial<Record<string, number>>;
  const min = minimum ?? exclusiveMinimum ?? -1e15;
  const max = maximum ?? 1e15;
  if (schema.type === 'integer') return fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) });
  const minExcluded = exclusiveMinimum !== undefined;
  return fc.double({ min, max, noNaN: true, minExcluded });
}

function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
    dependentRequired = {},
  } = schema as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: string[];
    readonly additionalProperties?: unknown;
    readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  };
  const fields = Object.entries(properties).map(([name, property]) => [name, validOf(property, name)] as const);
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: required });
  const unknown =
    additionalProperties === false ? fc.constant({}) : fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 });
  return fc.tuple(unknown, known).map(([others, given]) => {
    const all: Record<string, unknown> = { ...others, ...given };
    for (const [name, needed] of Object.entries(dependentRequired))
      if (needed.some((other) => !(other in all))) delete all[name];
    return all;
  });
}

function fits(schema: JsonSchema, value: unknown): boolean {
  if (value === null) return schema.type === 'null' || (Array.isArray(schema.type) && schema.type.includes('null'));
  if (typeof value !== 'string') return true;
  const { pattern, minLength = 0, maxLength = Infinity } = schema as Partial<Record<string, string>> & Lengths;
  // JSON Schema counts characters, not UTF-16 units.
  const length = [...value].length;
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern).test(value));
}
