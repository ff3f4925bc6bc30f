import { request } from '../api.js';
import { h, name } from '../dom.js';

/** As many names are shown; the others are a number. */
const SHOWN = 8;

/**
 * A notice of nodes whose energy has no grams, because their zone is not known, with what to do; nothing where every node
 * has a zone. It also stays away where the status cannot be read: the rest of the page does not depend on it.
 * @returns {{place: HTMLElement, update: () => Promise<void>}} where it appears, and how it is filled and brought up to date
 */
export function unpricedNotice() {
  const place = h('div', { id: 'unpriced' });
  const update = async () => {
    /** @type {import('../responses.ts').ApiResponses['status'] | undefined} */
    const status = await request('/api/status').catch(() => undefined);
    if (status !== undefined) place.replaceChildren(...noticeOf(status.unpriced_nodes));
  };
  return { place, update };
}

/** @param {readonly string[]} nodes */
function noticeOf(nodes) {
  if (nodes.length === 0) return [];
  const [shown, more] = [nodes.slice(0, SHOWN), nodes.length - SHOWN];
  const one = nodes.length === 1;
  return [
    h(
      'p',
      { class: 'notice unpriced' },
      h('strong', {}, `Energy of ${nodes.length} ${one ? 'node' : 'nodes'} has no grams. `),
      `The grid zone of `,
      shown.map((node, index) => [index > 0 && ', ', name(node)]),
      more > 0 && ` and ${more} more`,
      ` is not known. Label ${one ? 'it' : 'them'} with `,
      h('code', {}, 'carbon-extender.io/zone'),
      ', or set ',
      h('code', {}, 'ZONE_MAP'),
      ' or ',
      h('code', {}, 'DEFAULT_ZONE'),
      '.',
    ),
  ];
}
