import { z } from 'zod';
import { wholeNumber } from '../numbers.ts';
import { ROW_ORDERS } from './row-page.ts';

/** Query parameters that select and order the rows of a response. */
export const rowPageQuery = {
  search: z.string().min(1).max(253).optional().describe('Only rows whose name contains this text, ignoring case'),
  sort: z
    .enum(
      ROW_ORDERS.flatMap((order) => [order, `-${order}`] as const),
      { error: `is not one of ${ROW_ORDERS.join(', ')}, with a leading - for descending` },
    )
    .default('name')
    .describe(
      'Order of the rows by their totals over the window; a leading - means descending. Unknown values come last',
    ),
  limit: wholeNumber(0, 100_000).optional().describe('Maximum number of rows, after the offset; absent: all'),
  offset: wholeNumber(0, 1_000_000).default(0).describe('Number of rows to skip'),
};
