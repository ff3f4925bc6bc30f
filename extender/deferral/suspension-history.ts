import { z } from 'zod';

/** Who set which fields when, as the API server keeps it of each object; read leniently, since it may have been cleared. */
export const managedFields = z
  .array(
    z.object({
      time: z.string().nullish(),
      subresource: z.string().nullish(),
      fieldsV1: z.object({ 'f:spec': z.record(z.string(), z.unknown()).nullish() }).nullish(),
    }),
  )
  .nullish()
  .catch(undefined);

/**
 * Whether somebody else than the maker of an object set `spec.suspend` after its creation, by the managed fields: a change
 * moves the field to the manager that made it, with the time of the manager's last change. False where the fields were
 * cleared, and where the maker itself has changed something since: then they do not say.
 */
export function wasSuspendedLater(fields: z.output<typeof managedFields>, createdAt: number): boolean {
  const owners = (fields ?? []).flatMap(({ time, subresource, fieldsV1 }) => {
    const spec = fieldsV1?.['f:spec'];
    return !subresource && spec && 'f:suspend' in spec ? [{ at: Date.parse(time ?? ''), spec }] : [];
  });
  return owners.length > 0 && owners.every(({ at, spec }) => at > createdAt && !('f:template' in spec));
}
