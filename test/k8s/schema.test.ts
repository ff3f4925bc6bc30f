// Flow: the manifests against Kubernetes' own schemas.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyObject, type KubeObject, recorded } from './objects.ts';
import { recordedSchemas, schemaCheck } from './schemas.ts';
import { optionalTool } from './tools.ts';

const check = schemaCheck();
const kubeconform = optionalTool('kubeconform', 'a second opinion on the manifests (the schemas are checked)');

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

describe.skipIf(kubeconform === undefined)('kubeconform', () => {
  it('accepts every object of every variant, strictly, by the same schemas', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubeconform-'));
    const { kinds, definitions } = recordedSchemas();
    // It takes the version of the core group for the group's name.
    for (const [kind, definition] of Object.entries(kinds))
      writeFileSync(
        join(folder, `${kind.replace(/^v1\//, 'v1/v1/').replaceAll('/', '-').toLowerCase()}.json`),
        JSON.stringify({ $ref: `#/definitions/${definition.replaceAll('/', '~1')}`, definitions }),
      );
    const input = everyObject()
      .map(({ object }) => JSON.stringify(object))
      .join('\n---\n');
    const schemas = `${folder}/{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json`;

    const told = execFileSync(
      kubeconform ?? '',
      ['-strict', '-output=json', '-summary', `-schema-location=${schemas}`, '-'],
      {
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 24,
      },
    );
    rmSync(folder, { recursive: true, force: true });

    expect(JSON.parse(told).summary).toEqual({ valid: everyObject().length, invalid: 0, errors: 0, skipped: 0 });
  });
});
