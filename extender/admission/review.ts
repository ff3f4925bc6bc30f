import { z } from 'zod';
import { ownerReferences } from '../../shared/runtime/kubernetes/object-metadata.ts';

const strings = z.record(z.string(), z.string()).nullish();

const annotated = z.object({ metadata: z.object({ annotations: strings }).nullish() });
const template = annotated.nullish().catch(undefined);

const reviewedObject = z.object({
  metadata: z.object({ annotations: strings, labels: strings, ownerReferences }),
  spec: z
    .object({
      nodeName: z.string().nullish().catch(undefined),
      schedulerName: z.string().nullish().catch(undefined),
      priorityClassName: z.string().nullish().catch(undefined),
      schedulingGates: z
        .array(z.object({ name: z.string() }))
        .nullish()
        .catch(undefined),
      jobTemplate: z
        .object({ metadata: annotated.shape.metadata, spec: z.object({ template }).nullish() })
        .nullish()
        .catch(undefined),
    })
    .nullish(),
});

/** A template, of which only the annotations are read. */
export type Annotated = z.output<typeof annotated>;

/** An object that is created or changed, as far as the gates read it. */
export type ReviewedObject = z.output<typeof reviewedObject>;

/** An AdmissionReview of the API server (admission.k8s.io/v1). */
export const admissionReview = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string(),
    kind: z.object({ group: z.string().default(''), version: z.string(), kind: z.string() }),
    namespace: z.string().default(''),
    operation: z.string(),
    object: reviewedObject,
    oldObject: reviewedObject.nullish().catch(undefined),
  }),
});

/** The request of an AdmissionReview. */
export type AdmissionRequest = z.output<typeof admissionReview>['request'];

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: unknown;
}

/** The review that allows an object with some changes; without any it is allowed as it is. */
export function allowedReview(uid: string, patch: readonly PatchOperation[]): object {
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  const changes = patch.length === 0 ? {} : { patchType: 'JSONPatch', patch: encoded };
  return {
    ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
    response: { uid, allowed: true, ...changes },
  };
}
