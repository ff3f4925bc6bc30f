import { describe, expect, it } from 'vitest';
import { everyObject, type KubeObject, recorded } from './objects.ts';
import { schemaCheck } from './schemas.ts';

const check = schemaCheck();

describe("Kubernetes' own schemas", () => {
  for (const [variant, objects] of Object.entries(recorded().variants)) {
    it(`accept every object of ${variant}`, () => {
      const faults = objects.flatMap((object) =>
        check(object).map((fault) => `${object.kind} ${object.metadata.name}: ${fault}`),
      );

      expect(faults).toEqual([]);
    });
  }

  it('refuse a misspelt field, a wrong type and an unknown kind', () => {
    const deployment = everyObject().find(({ object }) => object.kind === 'Deployment')?.object as KubeObject;

    expect(check({ ...deployment, spec: { ...deployment.spec, replica: 1 } })).toEqual([
      '/spec must NOT have additional properties: replica',
    ]);
    expect(check({ ...deployment, spec: { ...deployment.spec, replicas: 'two' } })).toEqual([
      '/spec/replicas must be integer',
    ]);
    expect(check({ ...deployment, kind: 'Deploymint' })).toHaveLength(1);
  });
});
