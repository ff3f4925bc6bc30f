// Flow: every shipped pod against the restricted Pod Security Standard and its own limits.
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type Container, everyObject, everyPod, type Pod, podsOf, programOf, recorded } from './objects.ts';
import { restrictedViolations } from './pod-security-standard.ts';

const pods = everyPod();
const containers = pods.flatMap((pod) => pod.spec.containers.map((container) => ({ pod, container })));
const ours = containers.filter(({ container }) => programOf(container) !== undefined);

/** Containers that talk to the API server, and so hold a token. */
const TOKEN_HOLDERS = new Set(['kube-scheduler', 'extender', 'watchdog']);

describe('every pod of the manifests', () => {
  it('passes the restricted Pod Security Standard', () => {
    const violations = pods.flatMap((pod) => restrictedViolations(pod).map((text) => `${pod.where}: ${text}`));

    expect(pods.length).toBeGreaterThan(40);
    expect(violations).toEqual([]);
  });

  it('writes to volumes only, and says what it needs', () => {
    const loose = containers.filter(
      ({ container: { securityContext, resources } }) =>
        securityContext?.readOnlyRootFilesystem !== true ||
        !resources?.requests?.cpu ||
        !resources.requests.memory ||
        !resources.limits?.memory,
    );

    expect(loose.map(place)).toEqual([]);
  });

  it('bounds its scratch volumes one by one, since a limit of a container would count them all and evict the pod', () => {
    const scratch = pods.flatMap(({ where, spec }) =>
      ((spec.volumes ?? []) as { name: string; emptyDir?: { sizeLimit?: string } }[])
        .filter(({ emptyDir }) => emptyDir)
        .map(({ name, emptyDir }) => ({ place: `${where}: ${name}`, limit: emptyDir?.sizeLimit })),
    );
    const limited = containers.filter(({ container }) => container.resources?.limits?.['ephemeral-storage']);

    expect(scratch.length).toBeGreaterThan(40);
    expect(scratch.filter(({ limit }) => limit === undefined)).toEqual([]);
    expect(limited.map(place)).toEqual([]);
  });

  it('mounts the token of its account only where a container talks to the API server', () => {
    const automatic = pods.filter(({ spec }) => spec.automountServiceAccountToken !== false);
    const holders = containers.filter(({ container }) =>
      (container.volumeMounts ?? []).some(({ mountPath }) => mountPath.startsWith('/var/run/secrets/kubernetes.io')),
    );

    expect(automatic.map(({ where }) => where)).toEqual([]);
    expect(holders.length).toBeGreaterThan(20);
    const pollers = holders.filter(({ container }) => container.name === 'poller');
    const own = (volumeMounts: Container['volumeMounts']) =>
      (volumeMounts ?? []).find(({ mountPath }) => mountPath.startsWith('/var/run/secrets/kubernetes.io'))?.name;
    // The poller has the token of another account, which may read the metrics of nodes and nothing else.
    expect(pollers.filter(({ container }) => own(container.volumeMounts) !== 'node-usage').map(place)).toEqual([]);
    expect(pollers.length).toBeGreaterThan(10);
    const others = holders.filter(({ container }) => container.name !== 'poller');
    expect(others.filter(({ container }) => !TOKEN_HOLDERS.has(container.name)).map(place)).toEqual([]);
  });

  it('shares one uid between poller and extender: the one of the images, or the one that the platform assigns', () => {
    const uids = Map.groupBy(ours, ({ pod }) => pod.where.startsWith('chart-corporate'));
    const of = (isAssigned: boolean) =>
      new Set(uids.get(isAssigned)?.map(({ pod }) => pod.spec.securityContext.runAsUser));

    expect([...of(false)]).toEqual([10_001]);
    expect([...of(true)]).toEqual([undefined]);
  });

  it('names a version of every image, for ours the version of the package', () => {
    const images = [...new Set(containers.map(({ container }) => container.image))];
    const own = ours.map(({ container }) => container.image).filter((image) => image.startsWith('ghcr.io/'));

    expect(images.filter((image) => !/:[v\d][\w.-]*$/.test(image))).toEqual([]);
    expect([...new Set(own.map((image) => image.split(':')[1]))]).toEqual([packageJson.version]);
  });

  it('brings the quota without which some clusters refuse its priority class outside kube-system', () => {
    const variants = Object.entries(recorded().variants).map(([name, objects]) => ({
      name,
      classes: podsOf(name, objects).map(({ spec }) => spec.priorityClassName as string | undefined),
      allowed: objects
        .filter(({ kind }) => kind === 'ResourceQuota')
        // biome-ignore lint/suspicious/noExplicitAny: its fields are checked against Kubernetes' own schemas.
        .flatMap((quota) => (quota as any).spec.scopeSelector.matchExpressions[0].values as string[]),
    }));
    const critical = variants.filter(({ classes }) => classes.some((name) => name?.startsWith('system-')));

    expect(critical.length).toBeGreaterThan(10);
    for (const { name, classes, allowed } of critical)
      expect([name, classes.filter((one) => one?.startsWith('system-') && !allowed.includes(one))]).toEqual([name, []]);
  });

  it('is started again as the watchdog although the run before hangs, as on a lost node', () => {
    const watchdogs = everyObject().filter(
      ({ object: { kind, metadata } }) => kind === 'CronJob' && metadata.name.endsWith('watchdog'),
    );

    expect(watchdogs.length).toBeGreaterThan(5);
    expect(new Set(watchdogs.map(({ object }) => object.spec.concurrencyPolicy))).toEqual(new Set(['Allow']));
  });

  it('has probes where it keeps running', () => {
    const lasting = containers.filter(({ pod }) => pod.owner.kind === 'Deployment' || pod.owner.kind === 'StatefulSet');
    const blind = lasting.filter(({ container }) => !container.livenessProbe || !container.startupProbe);

    expect(lasting.length).toBeGreaterThan(30);
    expect(blind.map(place)).toEqual([]);
  });

  it('mounts the cache file for writing in the poller alone', () => {
    const readers = ours.filter(
      ({ container }) => programOf(container) === 'extender' && container.name === 'extender',
    );
    const writing = readers.filter(({ container }) =>
      container.volumeMounts?.some(({ mountPath, readOnly }) => mountPath === '/cache' && readOnly !== true),
    );

    expect(readers.length).toBeGreaterThan(10);
    expect(writing.map(place)).toEqual([]);
  });
});

describe('the manifests', () => {
  it('contain no secret value: Secrets are named for a person to make, or filled by Kubernetes with a token or by the extender with its certificate', () => {
    const secrets = everyObject().filter(({ object }) => object.kind === 'Secret');
    const filled = secrets.filter(
      ({ object }) =>
        (object.type === 'kubernetes.io/service-account-token' || object.metadata.name === 'carbon-extender-gate') &&
        object.data === undefined &&
        object.stringData === undefined,
    );

    expect(secrets.filter((secret) => !filled.includes(secret))).toEqual([]);
    expect(new Set(filled.map(({ object }) => object.metadata.name)).size).toBeLessThanOrEqual(3);
  });
});

describe('the check of the restricted standard', () => {
  it('finds each thing that it forbids', () => {
    const good = containers.find(({ pod }) => pod.owner.kind === 'Deployment') as { pod: Pod; container: Container };
    const broken = (spec: object, container: object): Pod => ({
      ...good.pod,
      spec: { ...good.pod.spec, ...spec, containers: [{ ...good.container, ...container }] },
    });
    const locked = good.container.securityContext;

    expect(restrictedViolations(good.pod)).toEqual([]);
    expect(restrictedViolations(broken({ hostNetwork: true }, {}))).toHaveLength(1);
    expect(restrictedViolations(broken({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, {}))).toHaveLength(1);
    expect(restrictedViolations(broken({ securityContext: {} }, {}))).toHaveLength(2);
    expect(restrictedViolations(broken({}, { securityContext: {} }))).toHaveLength(2);
    expect(restrictedViolations(broken({}, { securityContext: { ...locked, runAsUser: 0 } }))).toHaveLength(1);
    expect(restrictedViolations(broken({}, { ports: [{ hostPort: 80 }] }))).toHaveLength(1);
  });
});

function place({ pod, container }: { pod: Pod; container: Container }): string {
  return `${pod.where}: ${container.name}`;
}
