// Runs schemathesis (https://schemathesis.io) against an API with data in it: npm run fuzz:schemathesis -- -n 500
import { once } from 'node:events';
import { spawn } from '../../../children.ts';
import { filledApi } from './filled-api.ts';

await using api = await filledApi();
// A stream of events never ends, which the tool waits for.
const fixed = ['run', `${api.url}/openapi.json`, '--exclude-path', '/api/events'];
const child = spawn(process.env.SCHEMATHESIS ?? 'schemathesis', [...fixed, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
process.exitCode = Number(code ?? 1);
