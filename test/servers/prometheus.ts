import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '../children.ts';
import { findProgram } from './available.ts';
import { freePort } from './free-port.ts';

/** A real Prometheus that scrapes some addresses every second. */
export interface PrometheusServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same address, with what it had written. */
  restart(): Promise<void>;
}

/** Starts Prometheus in a folder; `targets` are `host:port` of what serves /metrics. */
export async function startPrometheus(folder: string, targets: readonly string[]): Promise<PrometheusServer> {
  const port = await freePort();
  mkdirSync(join(folder, 'data'), { recursive: true });
  const configuration = join(folder, 'prometheus.yml');
  writeFileSync(
    configuration,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n  - job_name: kepler\n    static_configs: [{ targets: ${JSON.stringify(targets)} }]\n`,
  );
  const url = `http://127.0.0.1:${port}`;
  const program = findProgram('prometheus') ?? 'prometheus';
  const start = async () => {
    const child = spawn(
      program,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    await ready(url, child);
    return child;
  };
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  let child = await start();
  return {
    url,
    kill: end,
    async restart() {
      child = await start();
    },
    [Symbol.asyncDispose]: end,
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`);
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Prometheus did not become ready within 30 s');
}
