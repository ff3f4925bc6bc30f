import { z } from 'zod';

/** A requirement of a label selector or of a node selector, as in the API. */
export const selectorExpression = z.object({
  key: z.string(),
  operator: z.string(),
  values: z.array(z.string()).nullish(),
});
/** A requirement of a selector. */
export type SelectorExpression = z.output<typeof selectorExpression>;

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** Expressions that must all hold, so an empty list matches every object; undefined matches none. */
export type LabelSelector = readonly SelectorExpression[] | undefined;

/** A label selector as in the API, read as its expressions. */
export const labelSelector = z
  .object({
    matchLabels: z.record(z.string(), z.string()).nullish(),
    matchExpressions: z.array(selectorExpression).nullish(),
  })
  .transform(({ matchLabels, matchExpressions }): readonly SelectorExpression[] => [
    ...Object.entries(matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...(matchExpressions ?? []),
  ]);

/** Whether labels meet a selector. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return selector?.every((expression) => meetsExpression(expression, own(labels, expression.key))) ?? false;
}

/** Whether the value of a label or field meets a requirement; undefined where the object does not have it. */
export function meetsExpression({ operator, values }: SelectorExpression, value: string | undefined): boolean {
  const given = values ?? [];
  switch (operator) {
    case 'In':
      return value !== undefined && given.includes(value);
    case 'NotIn':
      return value === undefined || !given.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return compares(value, operator, given[0]);
    default:
      return false;
  }
}

/** Whether one whole number is greater or less than another; never where one of them is missing or is not whole. */
export function compares(value: string | undefined, operator: 'Gt' | 'Lt', limit: string | undefined): boolean {
  const [found, than] = [value, limit].map((text) => (/^[+-]?\d+$/.test(text ?? '') ? BigInt(`${text}`) : undefined));
  if (found === undefined || than === undefined) return false;
  return operator === 'Gt' ? found > than : found < than;
}

/** The value under a key of the map itself: labels may be called like a property that every object has. */
export function own<Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
