import { describe, expect, it } from 'vitest';
import { managedFields, wasSuspendedLater } from '../../../extender/deferral/suspension-history.ts';
import { waitingJob } from '../../../extender/deferral/waiting-job.ts';

const CREATED = '2026-03-02T12:00:00Z';
const TEMPLATE = { 'f:template': { 'f:spec': {} } };
const set = (time: string | undefined, spec: object, subresource?: string) => ({
  ...{ manager: 'kubectl', operation: 'Update', apiVersion: 'batch/v1', fieldsType: 'FieldsV1' },
  ...(time && { time: `2026-03-02T${time}Z` }),
  ...(subresource && { subresource }),
  fieldsV1: { 'f:spec': spec },
});
const SUSPEND = { 'f:suspend': {} };
/** How the Job controller writes its status. */
const STATUS = { ...set('12:00:30', {}, 'status'), fieldsV1: { 'f:status': { 'f:conditions': {} } } };

describe('a suspension', () => {
  it.each([
    ['was set at the creation by the one that made it', [set('12:00:00', { ...TEMPLATE, ...SUSPEND }), STATUS], false],
    [
      'is as it was made though somebody edited the spec',
      [set('12:00:00', { ...TEMPLATE, ...SUSPEND }), set('12:00:20', { 'f:parallelism': {} })],
      false,
    ],
    [
      'is as it was made though another applied the same since',
      [set('12:00:00', { ...TEMPLATE, ...SUSPEND }), set('12:00:20', { ...TEMPLATE, ...SUSPEND })],
      false,
    ],
    ['came later by somebody else', [set('12:00:00', TEMPLATE), set('12:00:01', SUSPEND)], true],
    ['is not known of one whose maker changed something since', [set('12:00:20', { ...TEMPLATE, ...SUSPEND })], false],
    ['is not known by a subresource', [set('12:00:00', TEMPLATE), set('12:00:20', SUSPEND, 'scale')], false],
    ['is not known without a time', [set(undefined, SUSPEND)], false],
    ['is not known where the fields were cleared', [{}], false],
    ['is not known where there are none', undefined, false],
    ['is not known where they cannot be read', [{ fieldsV1: 'nonsense' }], false],
  ])('%s', (_what, fields, expected) => {
    expect(wasSuspendedLater(managedFields.parse(fields), Date.parse(CREATED))).toBe(expected);
  });

  it('that somebody else made seconds after the creation is theirs, whatever the Job controller reports', () => {
    const job = (fields: object[]) => ({
      metadata: {
        ...{ name: 'j', uid: 'u', creationTimestamp: CREATED, generation: 2, managedFields: fields },
        annotations: { 'carbon-extender.io/max-delay': '8h' },
      },
      spec: { suspend: true },
      status: { conditions: [{ type: 'Suspended', lastTransitionTime: '2026-03-02T12:00:10Z' }] },
    });

    expect(waitingJob(job([set('12:00:00', TEMPLATE), set('12:00:10', SUSPEND)]))).toBeUndefined();
    expect(waitingJob(job([set('12:00:00', { ...TEMPLATE, ...SUSPEND })]))).toBeDefined();
    expect(waitingJob(job([{}]))).toBeDefined();
  });
});
