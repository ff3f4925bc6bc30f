import type { z } from 'zod';
import { extenderConfigSchema, watchdogConfigSchema } from '../../extender/config.ts';
import { pollerConfigSchema } from '../../poller/config.ts';
import { isSecret } from '../../shared/runtime/config.ts';
import { type Container, type KubeObject, type Pod, podsOf, programOf, recorded } from './objects.ts';

/** The programs' settings. */
export const SCHEMAS = { poller: pollerConfigSchema, extender: extenderConfigSchema } as const;

/** What a program gets as its environment in one pod. */
export interface ProgramEnvironment {
  readonly where: string;
  readonly program: 'poller' | 'extender';
  /** What the program checks its environment with, as it is called there. */
  readonly schema: z.ZodObject;
  /** Values that stand in the manifests. */
  readonly plain: Readonly<Record<string, string>>;
  /** Names whose values come from a Secret. */
  readonly secret: readonly string[];
}

/** The environment of every container of ours in every variant. */
export function everyEnvironment(): ProgramEnvironment[] {
  return Object.entries(recorded().variants).flatMap(([variant, objects]) =>
    podsOf(variant, objects).flatMap((pod) =>
      pod.spec.containers.flatMap((container) => {
        const program = container.args?.[0]?.startsWith('cli/') ? undefined : programOf(container);
        return program ? [environmentOf(pod, container, program, objects)] : [];
      }),
    ),
  );
}

/** Whether a program knows a setting, and keeps it secret; undefined when it does not know it. */
export function settingKind(program: 'poller' | 'extender', name: string): 'plain' | 'secret' | undefined {
  const shape: Record<string, z.ZodType> = SCHEMAS[program].shape;
  const setting = shape[name];
  if (setting !== undefined) return isSecret(setting) ? 'secret' : 'plain';
  const ofFile = name.endsWith('_FILE') ? shape[name.slice(0, -'_FILE'.length)] : undefined;
  return ofFile !== undefined && isSecret(ofFile) ? 'plain' : undefined;
}

function environmentOf(
  pod: Pod,
  container: Container,
  program: 'poller' | 'extender',
  objects: readonly KubeObject[],
): ProgramEnvironment {
  const plain: Record<string, string> = {};
  const secret: string[] = [];
  const find = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);
  for (const source of container.envFrom ?? []) {
    if (source.configMapRef) {
      const map = find('ConfigMap', source.configMapRef.name);
      if (map === undefined) throw new Error(`${pod.where}: there is no ConfigMap ${source.configMapRef.name}`);
      Object.assign(plain, map.data);
    }
    if (source.secretRef)
      secret.push(...Object.keys(find('SealedSecret', source.secretRef.name)?.spec.encryptedData ?? {}));
  }
  for (const { name, value } of container.env ?? []) {
    if (value === undefined) secret.push(name);
    else plain[name] = value;
  }
  const schema = container.args?.includes('--watchdog') ? watchdogConfigSchema : SCHEMAS[program];
  return { where: `${pod.where}: ${container.name}`, program, schema, plain, secret };
}
