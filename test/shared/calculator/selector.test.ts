import { describe, expect, it } from 'vitest';
import { parseSelector, selects } from '../../../shared/calculator/selector.ts';

describe('parseSelector', () => {
  it.each([
    ['shop', { namespace: 'shop' }],
    [' shop / web ', { namespace: 'shop', workloads: ['web'] }],
    ['shop/web/nginx', { namespace: 'shop', workloads: ['web'], container: 'nginx' }],
  ])('reads %s as names', (text, selector) => {
    expect(parseSelector(text)).toEqual({ kind: 'names', selector });
  });

  it('reads labels behind a namespace', () => {
    const labels = 'app=web,tier!=test';

    expect(parseSelector(`shop/${labels}`)).toEqual({ kind: 'labels', namespace: 'shop', labels });
  });

  it.each(['', '/web', 'shop/', 'shop//nginx', 'shop/web/', 'a/b/c/d'])('refuses "%s"', (text) => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'SELECTOR_INVALID' }));
  });
});

describe('selects', () => {
  const web = { namespace: 'shop', pod: 'web-7d9', container: 'nginx', node: 'n' };

  it.each([
    [{ namespace: 'shop' }, true],
    [{ namespace: 'other' }, false],
    [{ namespace: 'shop', workloads: ['web'] }, true],
    [{ namespace: 'shop', workloads: ['web-7d9'] }, true],
    [{ namespace: 'shop', workloads: ['we'] }, false],
    [{ namespace: 'shop', workloads: ['db', 'web'] }, true],
    [{ namespace: 'shop', workloads: ['web'], container: 'nginx' }, true],
    [{ namespace: 'shop', workloads: ['web'], container: 'sidecar' }, false],
  ])('%o: %s', (selector, expected) => {
    expect(selects(selector, web)).toBe(expected);
  });
});
