import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A Kubernetes object as manifests write it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: the kinds' fields are checked against Kubernetes' own schemas
  readonly [field: string]: any;
}

/** A variable of a container's environment. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** A container of a pod. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  readonly resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  readonly securityContext?: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: probes are checked against Kubernetes' own schemas
  readonly [field: string]: any;
}

/** A pod that a manifest makes, with where it stands. */
export interface Pod {
  readonly where: string;
  readonly owner: KubeObject;
  readonly labels: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: the other fields are checked against Kubernetes' own schemas
  readonly spec: { readonly containers: readonly Container[]; readonly [field: string]: any };
}

/** The recorded manifests: what the tools made of the sources with this fingerprint. */
export interface Recorded {
  readonly fingerprint: string;
  readonly variants: Readonly<Record<string, readonly KubeObject[]>>;
}

/** Where the recorded manifests lie. */
export const RECORDED = join(import.meta.dirname, 'fixtures/rendered.json.gz');

/** Reads the recorded manifests. */
export function recorded(): Recorded {
  return JSON.parse(gunzipSync(readFileSync(RECORDED)).toString('utf8')) as Recorded;
}

/** Every object of every variant, with its variant's name. */
export function everyObject(): { variant: string; object: KubeObject }[] {
  return Object.entries(recorded().variants).flatMap(([variant, objects]) =>
    objects.map((object) => ({ variant, object })),
  );
}

/** Every pod that a variant's objects make. */
export function podsOf(variant: string, objects: readonly KubeObject[]): Pod[] {
  return objects.flatMap((object) => {
    const template =
      object.kind === 'Pod'
        ? object
        : object.kind === 'CronJob'
          ? object.spec.jobTemplate.spec.template
          : object.spec?.template;
    if (!template?.spec?.containers) return [];
    const where = `${variant}: ${object.kind} ${object.metadata.name}`;
    return [{ where, owner: object, labels: template.metadata?.labels ?? {}, spec: template.spec }];
  });
}

/** Every pod of every variant. */
export function everyPod(): Pod[] {
  return Object.entries(recorded().variants).flatMap(([variant, objects]) => podsOf(variant, objects));
}

/** Which of our programs a container runs; undefined for foreign images. */
export function programOf(container: Container): 'poller' | 'extender' | undefined {
  const name = /([a-z-]+)(:[^/]*)?$/.exec(container.image)?.[1];
  return name === 'poller' || name === 'extender' ? name : undefined;
}
