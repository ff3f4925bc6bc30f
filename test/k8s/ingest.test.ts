// Flow: the hourly CronJob in every set of manifests against what operators of such a CronJob rely on.
import { describe, expect, it } from 'vitest';
import { everyObject } from './objects.ts';

const jobs = everyObject().filter(({ object }) => object.kind === 'CronJob' && /-ingest$/.test(object.metadata.name));

describe('the hourly CronJob', () => {
  it('runs at minute 5, one at a time, with three tries in 15 minutes, and stays visible for half an hour', () => {
    expect(jobs.length).toBeGreaterThan(5);
    for (const { variant, object } of jobs) {
      expect(object.spec, variant).toMatchObject({
        ...{ schedule: '5 * * * *', concurrencyPolicy: 'Forbid' },
        ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 3 },
      });
      expect(object.spec.jobTemplate.spec, variant).toMatchObject({
        ...{ backoffLimit: 3, activeDeadlineSeconds: 900, ttlSecondsAfterFinished: 1800 },
      });
    }
  });

  it('runs the poller once, without rights and without a token of the cluster', () => {
    for (const { variant, object } of jobs) {
      const { spec } = object.spec.jobTemplate.spec.template;
      expect(spec, variant).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true },
      });
      expect(spec.initContainers, variant).toBeUndefined();
      expect(spec.containers, variant).toMatchObject([
        {
          args: ['poller/main.ts', '--once'],
          securityContext: {
            ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        },
      ]);
    }
  });

  it('runs as user 10001 but where the values leave the user to the cluster', () => {
    const users = jobs.map(({ object }) => object.spec.jobTemplate.spec.template.spec.securityContext.runAsUser);

    expect(new Set(users)).toEqual(new Set([10_001, undefined]));
    expect(jobs.filter((_, index) => users[index] === undefined).map(({ variant }) => variant)).toEqual([
      'chart-corporate',
    ]);
  });

  it('is found by the label that the migration page names', () => {
    for (const { variant, object } of jobs) {
      const labels = { 'app.kubernetes.io/component': 'ingest' };
      expect(object.spec.jobTemplate.metadata.labels, variant).toMatchObject(labels);
      expect(object.spec.jobTemplate.spec.template.metadata.labels, variant).toMatchObject(labels);
    }
  });

  it('is awake in the overlay for it', () => {
    const found = jobs.filter(({ variant }) => variant === 'hourly-ingest');

    expect(found.map(({ object }) => object.spec.suspend)).toEqual([false]);
  });
});

describe('the sealed Secrets', () => {
  it('have every key that the migration page names', () => {
    const keys = everyObject()
      .filter(({ variant, object }) => variant === 'sealed-secrets' && object.kind === 'SealedSecret')
      .flatMap(({ object }) => Object.keys(object.spec.encryptedData).map((key) => `${object.metadata.name} ${key}`));

    expect(keys).toEqual(
      expect.arrayContaining([
        ...['ELECTRICITY_MAPS_API_KEY', 'WATTTIME_USERNAME', 'WATTTIME_PASSWORD', 'SLACK_WEBHOOK_URL'].map(
          (key) => `carbon-extender-poller ${key}`,
        ),
        'carbon-extender-database TSDB_DSN',
      ]),
    );
  });
});
