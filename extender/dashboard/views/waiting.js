import { card, empty, h, name, table } from '../dom.js';
import { number, time } from '../format.js';

const TITLE = 'Waiting pods';

/** Pods and Jobs that wait for a cleaner hour, with what is planned for each. */
export function waitingCard({ deferral, total, waiting }) {
  if (deferral === 'off')
    return card(
      TITLE,
      empty(
        'No pod is made to wait here',
        'The deferral controller does not run. Set ',
        h('code', {}, 'DEFERRAL=on'),
        '.',
      ),
    );
  if (total === null)
    return card(
      TITLE,
      empty('What waits is not known yet', 'The deferral controller has not listed the cluster so far.'),
    );
  if (total === 0)
    return card(
      TITLE,
      empty(
        'Nothing waits at present',
        'Pods behind the gate and suspended Jobs with ',
        h('code', {}, 'carbon-extender.io/max-delay'),
        ' appear here with their planned start.',
      ),
    );
  return card(
    TITLE,
    table(
      'Waiting pods and Jobs',
      [
        { title: 'Name', cell: (one) => [name(one.name), h('small', {}, `${one.kind} in `, name(one.namespace))] },
        { title: 'Waits since', numeric: true, minor: true, cell: (one) => time(one.arrived, true).slice(5) },
        {
          title: 'Planned start',
          numeric: true,
          cell: (one) => (one.planned_start === null ? 'no plan yet' : time(one.planned_start, true).slice(5)),
        },
        { title: 'Deadline', numeric: true, cell: (one) => time(one.deadline, true).slice(5) },
        { title: 'Expected saving', numeric: true, cell: saving },
      ],
      waiting,
    ),
    total > waiting.length &&
      h('p', { class: 'note' }, `${waiting.length} of ${total} are listed, those with the nearest deadline.`),
  );
}

function saving({ expected_saving_percent: share }) {
  return share === null ? '–' : `${number(share)} %`;
}
