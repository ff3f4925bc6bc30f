import { startReadingsApi } from '../../extender/readings-api-server.ts';

/** The API of readings as a process of its own, so that a bench's client does not share its event loop or memory. */
const api = await startReadingsApi(process.env as Record<string, string>);
console.log(api.url);
