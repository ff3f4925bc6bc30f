import { z } from 'zod';
import type { Container, PowerModel, PowerQuality } from './power.ts';

/** How a container's power is known, as stores keep it beside its names. */
export interface PowerFacts {
  readonly power_quality: PowerQuality;
  /** JSON of the model; null where none is known. */
  readonly power_model: string | null;
}

const model = z.object({ name: z.string(), low: z.number(), high: z.number() });

/** What a store keeps of how a container's power is known. */
export function powerFactsOf({ powerQuality = 'measured', powerModel }: Container): PowerFacts {
  if (powerModel === undefined) return { power_quality: powerQuality, power_model: null };
  const { name, low, high } = powerModel;
  return { power_quality: powerQuality, power_model: JSON.stringify({ name, low, high }) };
}

/** Whether the power of two containers is known in the same way; called for each sample that is written. */
export function samePowerFacts(one: Container, other: Container): boolean {
  if ((one.powerQuality ?? 'measured') !== (other.powerQuality ?? 'measured')) return false;
  const [model, otherModel] = [one.powerModel, other.powerModel];
  if (model === otherModel) return true;
  return model?.name === otherModel?.name && model?.low === otherModel?.low && model?.high === otherModel?.high;
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
