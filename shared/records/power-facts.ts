import { z } from 'zod';
import type { Container, PowerDevice, PowerModel, PowerQuality } from './power.ts';

/** A container's names as stores keep them; `device` is empty for processors and memory. */
export interface ContainerNames {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly node: string;
  readonly device: PowerDevice | '';
}

/** The names that identify a container, in the order in which containers are sorted. */
export const CONTAINER_NAMES = ['namespace', 'pod', 'container', 'node', 'device'] as const;

/** The names of a container as stores keep them. */
export function containerNames({ namespace, pod, container, node, device }: Container): ContainerNames {
  return { namespace, pod, container, node, device: device ?? '' };
}

/** The identity of a container as text; called for each sample that is written. */
export function containerKey({ namespace, pod, container, node, device }: Container): string {
  return `${namespace}\0${pod}\0${container}\0${node}\0${device ?? ''}`;
}

/** A stored row as the container that it is, with how its power is known. */
export function storedContainer(row: ContainerNames & PowerFacts): Container {
  const { namespace, pod, container, node, device } = row;
  return { namespace, pod, container, node, ...(device !== '' && { device }), ...fromPowerFacts(row) };
}

/** How a container's power is known, as stores keep it beside its names. */
export interface PowerFacts {
  readonly power_quality: PowerQuality;
  /** JSON of the model; null where none is known. */
  readonly power_model: string | null;
}

const model = z.object({
  name: z.string(),
  low: z.number(),
  high: z.number(),
  calibration: z
    .object({
      factor: z.number(),
      source: z.enum(['meter', 'platform', 'kepler']),
      at: z.number(),
      low: z.number(),
      high: z.number(),
    })
    .optional(),
});

/** What a store keeps of how a container's power is known. */
export function powerFactsOf({ powerQuality = 'measured', powerModel }: Container): PowerFacts {
  if (powerModel === undefined) return { power_quality: powerQuality, power_model: null };
  const { name, low, high, calibration } = powerModel;
  return { power_quality: powerQuality, power_model: JSON.stringify({ name, low, high, calibration }) };
}

/** Whether the power of two containers is known in the same way; called for each sample that is written. */
export function samePowerFacts(one: Container, other: Container): boolean {
  if ((one.powerQuality ?? 'measured') !== (other.powerQuality ?? 'measured')) return false;
  const [model, otherModel] = [one.powerModel, other.powerModel];
  if (model === otherModel) return true;
  return (
    model?.name === otherModel?.name &&
    model?.low === otherModel?.low &&
    model?.high === otherModel?.high &&
    model?.calibration?.at === otherModel?.calibration?.at &&
    model?.calibration?.factor === otherModel?.calibration?.factor
  );
}

/** The part of a container that {@link powerFactsOf} made facts of; empty for measured power. */
export function fromPowerFacts({
  power_quality,
  power_model,
}: PowerFacts): Pick<Container, 'powerQuality' | 'powerModel'> {
  const powerModel = power_model === null ? undefined : modelOf(power_model);
  return {
    ...(power_quality !== 'measured' && { powerQuality: power_quality }),
    ...(powerModel !== undefined && { powerModel }),
  };
}

function modelOf(text: string): PowerModel | undefined {
  return model.safeParse(JSON.parse(text)).data;
}
