import type { Response } from 'express';
import { z } from 'zod';
import { isoTime } from '../../../shared/grid/units.ts';
import { extenderError } from '../../errors.ts';
import type { Operation } from '../openapi/operation.ts';
import type { ApiDependencies, Route } from '../route.ts';
import { gridNow, NOT_WATCHED } from './grid.ts';

/** Most event streams that are open at once; a further one is refused with Retry-After. */
const MAX_CLIENTS = 64;
/** Most of them of one address, so that one client leaves streams for others; a page of a browser needs one. */
const MAX_PER_ADDRESS = 16;
const POLL_MS = 1_000;
/** Decisions are read from the store, so less often. */
const DECISIONS_MS = 5_000;
const HEARTBEAT_MS = 15_000;
/** What a client may leave unread before it is disconnected; it then reconnects. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** How far back the `decisions` event counts. */
const DECISIONS_BACK_MS = 3_600_000;

/** `GET /api/events`, as the API's description shows it. */
export const eventsOperation: Operation = {
  method: 'GET',
  path: '/api/events',
  tag: 'grid',
  summary: 'Server-sent events: changes of the grid and new placements',
  description: 'event grid: the response of /api/grid; event decisions: {count, newest} of the last hour.',
  response: { description: 'An endless stream of events', schema: z.string(), types: ['text/event-stream'] },
  errors: { 503: 'Too many event streams are open' },
};

/** `GET /api/events`: server-sent events `grid` and `decisions`, each when something changed, and a heartbeat. */
export function eventsRoute(deps: ApiDependencies, simulatedPower: () => boolean | null): Route {
  const feed = new EventFeed(deps, simulatedPower);
  return {
    operation: eventsOperation,
    async handle(_request, response) {
      feed.add(response);
    },
  };
}

/** Polls once a second while there are clients, and publishes to all of them what changed. */
class EventFeed {
  readonly #deps: ApiDependencies;
  readonly #simulatedPower: () => boolean | null;
  readonly #clients = new Set<Response>();
  #timer: NodeJS.Timeout | undefined;
  #grid = '';
  #decisions = '';
  #polls = 0;
  #polling = false;

  constructor(deps: ApiDependencies, simulatedPower: () => boolean | null) {
    this.#deps = deps;
    this.#simulatedPower = simulatedPower;
  }

  add(response: Response): void {
    const address = response.socket?.remoteAddress;
    const own = [...this.#clients].filter(({ socket }) => socket?.remoteAddress === address).length;
    const limit = own >= MAX_PER_ADDRESS ? MAX_PER_ADDRESS : MAX_CLIENTS;
    if (own >= MAX_PER_ADDRESS || this.#clients.size >= MAX_CLIENTS) {
      response.setHeader('Retry-After', 30);
      throw extenderError('EVENT_STREAMS_EXHAUSTED', { limit });
    }
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    this.#clients.add(response);
    response.once('close', () => this.#drop(response));
    response.write(`retry: 2000\n${this.#gridEvent()}${this.#decisions}`);
    this.#timer ??= setInterval(() => void this.#poll(), POLL_MS).unref();
  }

  #drop(response: Response): void {
    this.#clients.delete(response);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#grid = '';
    this.#decisions = '';
  }

  async #poll(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      this.#beat();
      const grid = this.#gridKey();
      if (grid !== this.#grid) this.#publish(this.#gridEvent());
      if (this.#decisions !== '' && !this.#every(DECISIONS_MS)) return;
      const decisions = await this.#decisionsEvent();
      if (decisions !== this.#decisions) this.#publish(decisions);
      this.#decisions = decisions;
    } catch (err) {
      this.#deps.logger.debug({ err }, 'the decisions event cannot be refreshed; it is tried again');
    } finally {
      this.#polling = false;
    }
  }

  #beat(): void {
    this.#polls += 1;
    if (!this.#every(HEARTBEAT_MS)) return;
    this.#publish(`event: heartbeat\ndata: ${isoTime(this.#deps.clock.now())}\n\n`);
  }

  #every(ms: number): boolean {
    return (this.#polls * POLL_MS) % ms === 0;
  }

  #publish(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(text);
    }
  }

  #gridKey(): string {
    const state = this.#deps.cache?.() ?? NOT_WATCHED;
    const grid = state.kind === 'missing' ? state.reason : `${state.kind} ${state.snapshot.writtenAt}`;
    return `${grid} ${this.#simulatedPower()}`;
  }

  #gridEvent(): string {
    this.#grid = this.#gridKey();
    return event('grid', gridNow(this.#deps.cache?.() ?? NOT_WATCHED, this.#deps.clock.now(), this.#simulatedPower()));
  }

  async #decisionsEvent(): Promise<string> {
    if (this.#deps.decisions === undefined) return '';
    const now = this.#deps.clock.now();
    let count = 0;
    let newest = 0;
    for await (const { boundAt } of this.#deps.decisions.decisions({ from: now - DECISIONS_BACK_MS, to: now + 1 })) {
      count += 1;
      newest = Math.max(newest, boundAt);
    }
    return event('decisions', { count, newest: newest === 0 ? null : isoTime(newest) });
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
