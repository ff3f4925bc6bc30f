/** A request that kube-scheduler could not have sent: where the problem is, and what it is. */
export class InvalidRequestError extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path} ${problem}`);
    this.name = 'InvalidRequestError';
    this.path = path;
  }
}

/** The value as an object; throws an InvalidRequestError that names its path otherwise. */
export function objectOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrongType(path, value, 'an object');
}

/** The value as an array; throws an InvalidRequestError that names its path otherwise. */
export function arrayOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongType(path, value, 'an array');
}

/** The value as a string; throws an InvalidRequestError that names its path otherwise. */
export function stringOf(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  throw wrongType(path, value, 'a string');
}

/** The value as a string; undefined when it is absent or null. */
export function optionalString(value: unknown, path: string): string | undefined {
  return value == null ? undefined : stringOf(value, path);
}

/** The value as an object of strings, such as labels; undefined when it is absent or null. */
export function stringMap(value: unknown, path: string): Record<string, string> | undefined {
  if (value == null) return undefined;
  const map = objectOf(value, path);
  for (const key in map) {
    if (typeof map[key] !== 'string') throw wrongType(`${path}["${key}"]`, map[key], 'a string');
  }
  return map as Record<string, string>;
}

function wrongType(path: string, value: unknown, wanted: string): InvalidRequestError {
  return new InvalidRequestError(path, `is ${kindOf(value)}, not ${wanted}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
