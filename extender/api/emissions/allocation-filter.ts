import type { Container } from '../../../shared/records/power.ts';

/** What a filter looks at: the values of a container's allocation; undefined where they are not known. */
export interface AllocationProperties {
  readonly container: Container;
  /** Value of a property by the filter's name for it; labels and annotations as `label[app]`. */
  readonly value: (property: string) => string | undefined;
  /** Names of the labels, which a filter for `label` without a name looks at. */
  readonly labels: () => readonly string[];
}

/** Whether a container's energy is wanted. */
export type AllocationFilter = (properties: AllocationProperties) => boolean;

/** Labels behind the properties that OpenCost has for owners of workloads. */
export const LABEL_OF: Readonly<Record<string, string>> = {
  department: 'department',
  environment: 'env',
  owner: 'owner',
  product: 'app',
  team: 'team',
};

/** Properties that a filter may name, and those of which nothing is recorded: they are empty. */
const PROPERTY =
  /^(cluster|node|namespace|controllerKind|controllerName|controller|pod|container|department|environment|owner|product|team|services|provider|accountID|(label|annotation|nodeLabel|namespaceLabel)(\[[A-Za-z0-9][A-Za-z0-9._/-]{0,252}\])?)$/;
const UNRECORDED = /^(services|provider|accountID|(annotation|nodeLabel|namespaceLabel)(\[.*\])?)$/;
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** Properties that a filter names, each once. */
export function propertiesIn(filter: string): string[] {
  return [...new Set(filter.replaceAll(QUOTED, '').match(/[A-Za-z]+(\[[^\]]*\])?/g))];
}

/** Properties of a filter of which nothing is recorded. */
export function unrecordedIn(filter: string): string[] {
  return propertiesIn(filter).filter((property) => UNRECORDED.test(property));
}

/** How a value is compared, by OpenCost's operators; `!` before one negates it. */
const OPERATORS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  ':': (value, wanted) => value === wanted,
  '~:': (value, wanted) => value.includes(wanted),
  '<~:': (value, wanted) => value.startsWith(wanted),
  '~>:': (value, wanted) => value.endsWith(wanted),
};

/** What a text cannot be read as; the message names the place. */
export class AllocationFilterError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'AllocationFilterError';
  }
}

/**
 * Reads OpenCost's filter language: `namespace:"kube-system","shop"+label[app]!:"web"`, where a comma is any of the
 * values, `+` is and, `|` is or, and parentheses group. As in OpenCost, `+` and `|` are not mixed without parentheses.
 * Throws an AllocationFilterError.
 */
export function parseAllocationFilter(text: string): AllocationFilter {
  const reader = new FilterReader(text);
  const filter = reader.group();
  reader.end();
  return filter;
}

/** Fulfilled by containers of any of some values of a property; a value that ends with `*` is a prefix. */
export function anyOf(property: string, values: readonly string[]): AllocationFilter {
  return ({ value }) => {
    const known = value(property) ?? '';
    return values.some((wanted) => (wanted.endsWith('*') ? known.startsWith(wanted.slice(0, -1)) : known === wanted));
  };
}

class FilterReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  group(): AllocationFilter {
    const parts = [this.#operand()];
    const joint = this.#peek('+') ? '+' : '|';
    while (this.#take(joint)) parts.push(this.#operand());
    if (this.#peek('+') || this.#peek('|')) throw this.#error('mixes + and |; group them with parentheses');
    return joint === '+'
      ? (properties) => parts.every((part) => part(properties))
      : (properties) => parts.some((part) => part(properties));
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#error('has more than a filter');
  }

  #operand(): AllocationFilter {
    if (!this.#take('(')) return this.#comparison();
    const inner = this.group();
    if (!this.#take(')')) throw this.#error('lacks a )');
    return inner;
  }

  #comparison(): AllocationFilter {
    this.#blanks();
    const property = /^[A-Za-z]+(\[[^\]]*\])?/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    if (!PROPERTY.test(property)) throw this.#error('names no property such as namespace, pod or label[app]');
    this.#at += property.length;
    this.#blanks();
    const operator = /^!?(<~:|~>:|~:|:)/.exec(this.#text.slice(this.#at))?.[0];
    if (operator === undefined) throw this.#error('lacks an operator such as : or !:');
    this.#at += operator.length;
    const values = [this.#value()];
    while (this.#take(',')) values.push(this.#value());
    const negated = operator.startsWith('!');
    const compare = OPERATORS[negated ? operator.slice(1) : operator] as (value: string, wanted: string) => boolean;
    return ({ value, labels }) => {
      const known = property === 'label' ? labels() : [value(property) ?? ''];
      return values.some((wanted) => known.some((one) => compare(one, wanted))) !== negated;
    };
  }

  #value(): string {
    this.#blanks();
    const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(this.#text.slice(this.#at));
    if (quoted === null) throw this.#error('lacks a value in quotes');
    this.#at += quoted[0].length;
    return (quoted[1] as string).replace(/\\(.)/g, '$1');
  }

  #take(character: string): boolean {
    if (!this.#peek(character)) return false;
    this.#at += 1;
    return true;
  }

  #peek(character: string): boolean {
    this.#blanks();
    return this.#text[this.#at] === character;
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #error(what: string): AllocationFilterError {
    return new AllocationFilterError(`${what}, at character ${this.#at + 1}`);
  }
}
