import { z } from 'zod';

/** Owners of an object; the one with `controller: true` manages it. */
export const ownerReferences = z
  .array(
    z.object({
      apiVersion: z.string().nullish(),
      kind: z.string(),
      name: z.string(),
      uid: z.string().nullish(),
      controller: z.boolean().nullish(),
    }),
  )
  .nullish();

/** One owner of an object. */
export type OwnerReference = NonNullable<z.output<typeof ownerReferences>>[number];

/** The owner that manages an object; undefined where none does. */
export function controllerOf(owners: readonly OwnerReference[] | null | undefined): OwnerReference | undefined {
  return owners?.find(({ controller }) => controller === true);
}
