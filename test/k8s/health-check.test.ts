// Flow: the health checks of the images against running programs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listen, pathOf } from '../../shared/runtime/http-server.ts';
import { execFile } from '../children.ts';
import { ROOT } from '../laws/sources.ts';

/** The exit code of an image's health check with an environment. */
function check(program: 'poller' | 'extender', env: Record<string, string>): Promise<number> {
  const text = readFileSync(join(ROOT, `Dockerfile.${program}`), 'utf8');
  const [, command = ''] = /HEALTHCHECK[\s\S]*?CMD (\[.*\])/.exec(text) ?? [];
  const [, ...args] = JSON.parse(command) as string[];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env }, () => resolve(child.exitCode ?? -1));
  });
}

/** Answers /healthz with a status, and everything else with 404. */
const answering = (status: number) =>
  listen((request, response) => response.writeHead(pathOf(request) === '/healthz' ? status : 404).end(), {
    host: '127.0.0.1',
    port: 0,
  });

describe('the health check of an image', () => {
  it.each([
    ['poller', 'POLLER_PORT'],
    ['extender', 'EXTENDER_PORT'],
  ] as const)('of the %s asks %s', async (program, setting) => {
    await using well = await answering(200);
    await using ill = await answering(503);

    const codes = [
      await check(program, { [setting]: String(well.port) }),
      await check(program, { [setting]: String(ill.port) }),
      await check(program, { [setting]: '1' }),
    ];

    expect(codes).toEqual([0, 1, 1]);
  });

  it('of the extender asks the API where the other port wants a certificate', async () => {
    await using api = await answering(200);

    const code = await check('extender', {
      TLS_CERT_FILE: '/tls/tls.crt',
      EXTENDER_PORT: '1',
      API_PORT: String(api.port),
    });

    expect(code).toBe(0);
  });
});
