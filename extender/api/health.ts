import { isoTime } from '../../shared/units.ts';
import type { ApiDependencies, Route } from './route.ts';

/** `GET /health`: whether the API works and how much it knows. */
export function healthRoute({ store, clock, mode }: ApiDependencies): Route {
  return {
    method: 'GET',
    path: '/health',
    open: true,
    async handle(_request, response) {
      const { containers, blocks, currentBlocks } = await store.totals();
      response.json({
        status: 'ok',
        monitored_containers: containers,
        total_blocks: blocks,
        current_blocks: currentBlocks,
        mode,
        timestamp: isoTime(clock.now()),
      });
    },
  };
}

/** `GET /api/status`: how recent the recording is. Times are null while nothing is recorded; the spool's blocks are null where it cannot be seen. */
export function statusRoute({ store, clock, mode, pendingBlocks }: ApiDependencies): Route {
  return {
    method: 'GET',
    path: '/api/status',
    async handle(_request, response) {
      const { containers, lastMeasurement } = await store.totals();
      const last = lastMeasurement === undefined ? null : isoTime(lastMeasurement);
      response.json({
        status: 'ok',
        // The store knows the scrapes that gave samples; one that gave none leaves no trace in it.
        last_scrape_time: last,
        last_measurement_time: last,
        has_data: lastMeasurement !== undefined,
        unique_container_keys: containers,
        pending_db_blocks: (await pendingBlocks()) ?? null,
        mode,
        timestamp: isoTime(clock.now()),
      });
    },
  };
}
