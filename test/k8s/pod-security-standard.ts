import type { Container, Pod } from './objects.ts';

/** Volume types that the restricted Pod Security Standard allows. */
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** What a pod does that the restricted Pod Security Standard (Kubernetes 1.36) forbids. */
export function restrictedViolations(pod: Pod): string[] {
  const { spec } = pod;
  const found: string[] = [];
  for (const share of ['hostNetwork', 'hostPID', 'hostIPC']) if (spec[share]) found.push(`${share} is set`);
  if (spec.hostUsers === true) found.push('hostUsers is set');
  if (spec.securityContext?.sysctls?.length) found.push('sysctls are set');
  for (const volume of spec.volumes ?? [])
    for (const type of Object.keys(volume))
      if (type !== 'name' && !VOLUMES.has(type)) found.push(`volume ${volume.name} is a ${type}`);
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  for (const container of containers)
    found.push(
      ...containerViolations(container, spec.securityContext ?? {}).map((text) => `${container.name}: ${text}`),
    );
  return found;
}

type Context = Readonly<Record<string, unknown>>;

function containerViolations(container: Container, pod: Context): string[] {
  const own: Context = container.securityContext ?? {};
  const effective = (field: string) => own[field] ?? pod[field];
  const capabilities = (own.capabilities ?? {}) as { drop?: string[]; add?: string[] };
  const found: string[] = [];
  if (own.privileged) found.push('privileged');
  if (own.allowPrivilegeEscalation !== false) found.push('may escalate its privileges');
  if (!capabilities.drop?.includes('ALL')) found.push('keeps capabilities');
  if (capabilities.add?.some((name) => name !== 'NET_BIND_SERVICE')) found.push('adds capabilities');
  if (effective('runAsNonRoot') !== true) found.push('may run as root');
  if (effective('runAsUser') === 0) found.push('runs as root');
  const seccomp = effective('seccompProfile') as { type?: string } | undefined;
  if (!['RuntimeDefault', 'Localhost'].includes(seccomp?.type ?? '')) found.push('has no seccomp profile');
  if (own.procMount && own.procMount !== 'Default') found.push('has its own procMount');
  if ((container.ports ?? []).some((port) => 'hostPort' in port)) found.push('takes a port of its host');
  return found;
}
