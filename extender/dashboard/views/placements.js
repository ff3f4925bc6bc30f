import { dayTime } from '../clock.js';
import { bar, card, empty, h, name } from '../dom.js';
import { number, percent } from '../format.js';
import { table } from '../table.js';

/**
 * @typedef {import('../responses.ts').ApiResponses['decisions']} Placements
 * @typedef {Placements['decisions'][number]} Placement
 */

/**
 * Where pods were placed: by zone, and the newest ones.
 * @param {Placements} response
 */
export function placementsCard({ count, by_zone, by_mode, decisions }) {
  const title = 'Placements';
  if (count === 0)
    return card(
      title,
      empty(
        'No pod was placed in this window',
        'Pods that kube-scheduler scored with the extender and then bound appear here.',
      ),
    );
  const modes = Object.entries(by_mode).map(([mode, pods]) => `${mode} ${pods}`);
  return card(
    title,
    h('p', {}, h('strong', {}, number(count)), ` placed; by mode: ${modes.join(', ')}.`),
    zonesTable(Object.entries(by_zone).sort(([, a], [, b]) => b - a)),
    h('h3', {}, `The newest ${decisions.length}`),
    newestTable(decisions),
  );
}

/** @param {readonly [zone: string, pods: number][]} zones */
function zonesTable(zones) {
  const largest = zones[0]?.[1] ?? 1;
  /** @type {import('../table.js').TableColumn<[zone: string, pods: number]>[]} */
  const columns = [
    { title: 'Zone', cell: ([zone]) => name(zone) },
    { title: 'Pods', numeric: true, cell: ([, pods]) => number(pods) },
    { title: 'Share', cell: ([, pods]) => bar(pods, largest, 'plain') },
  ];
  return table('Placements by zone', columns, zones);
}

/** @param {readonly Placement[]} decisions */
function newestTable(decisions) {
  /** @type {import('../table.js').TableColumn<Placement>[]} */
  const columns = [
    { title: 'Pod', cell: (one) => [name(one.pod), h('small', {}, name(one.namespace))] },
    { title: 'Owner', minor: true, cell: (one) => ownerKind(one.owner) },
    { title: 'Zone', cell: (one) => (one.zone ? name(one.zone) : '–') },
    { title: 'g/kWh', numeric: true, cell: (one) => number(one.intensity_g_per_kwh) },
    { title: 'Below the mean', numeric: true, cell: belowMean },
    { title: 'Mode', minor: true, cell: (one) => one.mode },
    { title: 'At', numeric: true, cell: (one) => dayTime(one.bound_at) },
  ];
  return table('The newest placements', columns, decisions);
}

/**
 * The kind of the controller, whose name the pod's begins with; whole in the tooltip.
 * @param {string | null} owner kind and name
 */
function ownerKind(owner) {
  return owner ? h('span', { title: owner }, owner.split('/')[0]) : '–';
}

/**
 * How much cleaner than the mean of the candidates; negative means dirtier.
 * @param {Placement} placement
 */
function belowMean({ intensity_g_per_kwh: own, candidates_mean_g_per_kwh: mean }) {
  return own === null || !mean ? '–' : percent(1 - own / mean);
}
