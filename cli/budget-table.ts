import type { BurnDown } from '../shared/calculator/budget.ts';
import { percent } from './result-text.ts';
import type { Column } from './table.ts';

const UNKNOWN = 'unknown';

/** Columns of a budget burn-down. */
export const burnDownColumns: readonly Column<BurnDown>[] = [
  { title: 'Budget', cell: ({ kind, name }) => `${kind} ${name}` },
  { title: 'Per', cell: ({ per }) => per },
  { title: 'gCO2e', align: 'right', cell: ({ budget_gCO2e }) => budget_gCO2e.toFixed(2) },
  { title: 'Used', align: 'right', cell: ({ used_gCO2e }) => used_gCO2e?.toFixed(2) ?? UNKNOWN },
  {
    title: 'Share',
    align: 'right',
    cell: ({ used_share }) => (used_share === null ? UNKNOWN : `${(used_share * 100).toFixed(1)} %`),
  },
  { title: 'Left', align: 'right', cell: ({ remaining_gCO2e }) => remaining_gCO2e?.toFixed(2) ?? UNKNOWN },
  { title: 'Time passed', align: 'right', cell: ({ elapsed_share }) => percent(elapsed_share) },
  { title: 'At this pace', align: 'right', cell: ({ projected_gCO2e }) => projected_gCO2e?.toFixed(2) ?? UNKNOWN },
  { title: 'Known', align: 'right', cell: ({ coverage }) => percent(coverage) },
  { title: 'Zones from', cell: ({ zone_source }) => zone_source ?? '' },
  { title: 'State', cell: ({ state }) => state },
];
