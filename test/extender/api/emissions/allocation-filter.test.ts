import { describe, expect, it } from 'vitest';
import {
  anyOf,
  parseAllocationFilter,
  propertiesIn,
  unrecordedIn,
} from '../../../../extender/api/emissions/allocation-filter.ts';

const web = { namespace: 'shop', pod: 'web-0', container: 'app', node: 'n1' };
const values: Readonly<Record<string, string>> = { ...web, 'label[app]': 'web', controllerKind: 'deployment' };
const properties = { container: web, value: (property: string) => values[property], labels: () => ['app', 'tier'] };

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
    ['label:"app"', true],
    ['label!:"app"', false],
    ['label<~:"ti"', true],
    ['label~:"x"|label~>:"er"', true],
    ['annotation~:"app"', false],
    ['annotation!:"app"', true],
    ['nodeLabel[app]:"web"', false],
    ['services~:"web"+provider:"AWS"', false],
    ['owner!:"kubecost"', true],
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

  it('names the properties that it looks at, not what it compares them with', () => {
    const text = 'namespace:"team-a","label"+(label[a.b/c]:"owner"|services~:"x")+annotation!:"y"';

    expect(propertiesIn(text)).toEqual(['namespace', 'label[a.b/c]', 'services', 'annotation']);
    expect(unrecordedIn(text)).toEqual(['services', 'annotation']);
  });

  it('has lists of values, with * for any end', () => {
    expect(anyOf('namespace', ['kube-*', 'shop'])(properties)).toBe(true);
    expect(anyOf('namespace', ['sh*'])(properties)).toBe(true);
    expect(anyOf('namespace', ['sho'])(properties)).toBe(false);
  });
});
