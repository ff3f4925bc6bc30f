import { describe, expect, it } from 'vitest';
import { anyOf, parseAllocationFilter } from '../../../../extender/api/emissions/allocation-filter.ts';

const web = { namespace: 'shop', pod: 'web-0', container: 'app', node: 'n1' };
const values: Readonly<Record<string, string>> = { ...web, 'label[app]': 'web', controllerKind: 'deployment' };
const properties = { container: web, value: (property: string) => values[property] };

describe('the filter language', () => {
  it.each([
    ['namespace:"shop"', true],
    ['namespace:"kube-system","shop"', true],
    ['namespace!:"shop"', false],
    ['namespace!:"a","b"', true],
    ['pod~:"eb"', true],
    ['pod!~:"eb"', false],
    ['pod<~:"web"', true],
    ['pod<~:"eb"', false],
    ['pod~>:"-0"', true],
    ['pod!~>:"-0"', false],
    ['label[app]:"web"', true],
    ['label[team]:"web"', false],
    ['label[team]!:"web"', true],
    ['controllerKind:"deployment"+container:"app"', true],
    ['controllerKind:"job"+container:"app"', false],
    ['controllerKind:"job"|container:"app"', true],
    ['(controllerKind:"job"|container:"app")+node:"n2"', false],
    [' ( controllerKind : "job" | container : "app" ) + node : "n1" ', true],
    ['pod:"a\\"b"', false],
  ])('%s is %s for a container of shop', (text, wanted) => {
    expect(parseAllocationFilter(text)(properties)).toBe(wanted);
  });

  it.each([
    ['', 'names no property'],
    ['colour:"red"', 'names no property'],
    ['namespace', 'lacks an operator'],
    ['namespace:shop', 'lacks a value in quotes'],
    ['namespace:"shop', 'lacks a value in quotes'],
    ['namespace:"a"+pod:"b"|node:"c"', 'mixes + and |'],
    ['(namespace:"a"', 'lacks a )'],
    ['namespace:"a" pod:"b"', 'has more than a filter'],
    ['label[]:"a"', 'names no property'],
  ])('%s is refused: it %s', (text, detail) => {
    expect(() => parseAllocationFilter(text)).toThrow(detail);
  });

  it('has lists of values, with * for any end', () => {
    expect(anyOf('namespace', ['kube-*', 'shop'])(properties)).toBe(true);
    expect(anyOf('namespace', ['sh*'])(properties)).toBe(true);
    expect(anyOf('namespace', ['sho'])(properties)).toBe(false);
  });
});
