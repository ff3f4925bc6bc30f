import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { spawn } from '../children.ts';
import { freePort } from './free-port.ts';

/** Where `test/servers/install-otel-collector` puts the collector, unless OTELCOL names another. */
const BINARY = process.env.OTELCOL ?? '/usr/local/bin/otelcol-test';

/** A collector that prints what it receives. */
export interface RunningCollector extends AsyncDisposable {
  /** Its OTLP endpoint (HTTP). */
  readonly endpoint: string;
  /** What it has printed, once that has a text. */
  printed(text: RegExp): Promise<string>;
}

/** OpenTelemetry's collector; undefined where none is installed. */
export function otelCollector(): { start(): Promise<RunningCollector> } | undefined {
  return existsSync(BINARY) ? { start } : undefined;
}

async function start(): Promise<RunningCollector> {
  const folder = mkdtempSync(join(tmpdir(), 'otelcol-'));
  const port = await freePort();
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { metrics: { receivers: [otlp], exporters: [debug] } }
`,
  );
  const child = spawn(BINARY, ['--config', `file:${config}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const printed = async (wanted: RegExp) => {
    while (!wanted.test(text)) {
      if (child.exitCode !== null) throw new Error(`the collector ended: ${text}`);
      await wait(20);
    }
    return text;
  };
  await printed(/Everything is ready/);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    printed,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
