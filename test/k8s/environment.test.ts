// Flow: the environment variables in the manifests against the programs' settings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DECIDED_BY_THE_CHART, NOT_IN_A_POD } from '../../docs/pages/chart-values.ts';
import { loadConfig } from '../../shared/runtime/config.ts';
import { ROOT } from '../laws/sources.ts';
import { ANTICIPATED } from './anticipated.ts';
import { everyEnvironment, SCHEMAS, settingKind } from './environment.ts';
import { recorded } from './objects.ts';

const environments = everyEnvironment();
const PROGRAMS = ['poller', 'extender'] as const;

describe('the environment in the manifests', () => {
  it('has only names that the programs know', () => {
    const unknown = environments.flatMap(({ where, program, plain, secret }) =>
      [...Object.keys(plain), ...secret]
        .filter((name) => settingKind(program, name) === undefined && !anticipated(program, name))
        .map((name) => `${where}: ${name}`),
    );

    expect(environments.length).toBeGreaterThan(40);
    expect(unknown).toEqual([]);
  });

  it('takes every secret setting from a Secret, and nothing else', () => {
    const open = environments.flatMap(({ where, program, plain }) =>
      Object.keys(plain)
        .filter((name) => settingKind(program, name) === 'secret')
        .map((name) => `${where}: ${name}`),
    );
    const hidden = environments.flatMap(({ where, program, secret }) =>
      secret
        // A user name is kept with its password.
        .filter((name) => settingKind(program, name) === 'plain' && !name.endsWith('_USERNAME'))
        .map((name) => `${where}: ${name}`),
    );

    expect(environments.flatMap(({ secret }) => secret).length).toBeGreaterThan(10);
    expect(open).toEqual([]);
    expect(hidden).toEqual([]);
  });

  it('is accepted by the programs as it stands', () => {
    for (const { where, program, schema, plain, secret } of environments) {
      const env = { ...plain, ...Object.fromEntries(secret.map((name) => [name, SECRET_VALUES[name] ?? 'hidden'])) };
      for (const value of ANTICIPATED.values) if (env[nameOf(value)] === textOf(value)) delete env[nameOf(value)];

      expect(() => loadConfig(program, schema, env), where).not.toThrow();
    }
  });

  it('leaves ports and paths as the programs have them, because the manifests count on them', () => {
    const moved = environments.filter(({ plain }) =>
      ['EXTENDER_PORT', 'API_PORT', 'POLLER_PORT', 'CACHE_FILE', 'DATA_DIR'].some((name) => name in plain),
    );

    expect(moved.map(({ where }) => where)).toEqual([]);
  });
});

describe('the settings of the programs', () => {
  const chart = JSON.parse(readFileSync(join(ROOT, 'k8s/chart/values.schema.json'), 'utf8'));

  it.each(PROGRAMS)('can all be set in the chart: %s', (program) => {
    const names = Object.keys(SCHEMAS[program].shape);
    const settable = Object.keys(chart.properties[program].properties.settings.properties);
    const missing = names.filter(
      (name) =>
        !settable.includes(name) &&
        !DECIDED_BY_THE_CHART.has(name) &&
        !NOT_IN_A_POD.has(name) &&
        settingKind(program, name) !== 'secret',
    );

    expect(names.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
    expect(settable.filter((name) => settingKind(program, name) !== 'plain')).toEqual([]);
  });

  it('that the chart decides itself exist, and are used by it', () => {
    const texts = Object.values(recorded().variants).map((objects) => JSON.stringify(objects));
    const fixedByManifests = /_(PORT|HOST)$|^CACHE_FILE$|^DATA_DIR$/;
    for (const name of DECIDED_BY_THE_CHART) {
      const known = PROGRAMS.some((program) => settingKind(program, name) || anticipated(program, name));

      expect(known, name).toBe(true);
      if (!fixedByManifests.test(name))
        expect(
          texts.some((text) => text.includes(`"${name}"`)),
          name,
        ).toBe(true);
    }
  });
});

describe('docker-compose.yaml', () => {
  const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string> }>;
  };

  it.each(PROGRAMS)('gives the %s only names that it knows', (program) => {
    const names = Object.keys(services[program]?.environment ?? {});

    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => settingKind(program, name) === undefined && !anticipated(program, name))).toEqual([]);
  });
});

const SECRET_VALUES: Record<string, string> = {
  HTTPS_PROXY: 'http://user:hidden@proxy:3128',
  TSDB_DSN: 'postgres://carbon:hidden@timescaledb:5432/carbon',
  SLACK_WEBHOOK_URL: 'https://hooks.example/hidden',
};

/** Names that Node.js and the HTTP client read themselves. */
const RUNTIME_NAMES: ReadonlySet<string> = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS']);

function anticipated(program: 'poller' | 'extender', name: string): boolean {
  return ANTICIPATED[program].includes(name) || RUNTIME_NAMES.has(name);
}

function nameOf(value: string): string {
  return value.slice(0, value.indexOf('='));
}

function textOf(value: string): string {
  return value.slice(value.indexOf('=') + 1);
}
