import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { everyObject } from './objects.ts';
import { definitionName, type JsonSchema, SCHEMAS, type Schemas } from './schemas.ts';

// node test/k8s/record-schemas.ts: takes the schemas of the kinds that k8s/ uses out of the Go modules that publish them
// (Apache-2.0, The Kubernetes Authors and those of the custom resources), without their texts. Needs Go and its module proxy.
const KUBERNETES = 'k8s.io/kubernetes@v1.36.3';
const CUSTOM: Record<string, readonly string[]> = {
  'github.com/kedacore/keda/v2@v2.21.0': [
    'config/crd/bases/keda.sh_scaledobjects.yaml',
    'config/crd/bases/keda.sh_triggerauthentications.yaml',
  ],
  'github.com/prometheus-operator/prometheus-operator@v0.85.0': [
    'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
    'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
  ],
  'github.com/bitnami-labs/sealed-secrets@v0.40.0': ['helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml'],
};

const swagger = JSON.parse(readFileSync(join(moduleFolder(KUBERNETES), 'api/openapi-spec/swagger.json'), 'utf8')) as {
  definitions: Record<string, JsonSchema>;
};
const kinds: Record<string, string> = {};
const definitions: Record<string, JsonSchema> = {};
for (const [name, definition] of Object.entries(swagger.definitions))
  for (const kind of (definition['x-kubernetes-group-version-kind'] as Kind[] | undefined) ?? [])
    kinds[definitionName(kind.group ? `${kind.group}/${kind.version}` : kind.version, kind.kind)] = name;

const used = new Set(everyObject().map(({ object }) => definitionName(object.apiVersion, object.kind)));
for (const kind of Object.keys(kinds)) if (!used.has(kind)) Reflect.deleteProperty(kinds, kind);
for (const name of Object.values(kinds)) keep(name);
for (const [module, files] of Object.entries(CUSTOM))
  for (const file of files) keepCustom(join(moduleFolder(module), file));

const schemas: Schemas = { source: [KUBERNETES, ...Object.keys(CUSTOM)], kinds, definitions };
writeFileSync(SCHEMAS, gzipSync(JSON.stringify(schemas), { level: 9 }));
console.log(`${Object.keys(kinds).length} kinds, ${Object.keys(definitions).length} definitions: ${SCHEMAS}`);

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function keep(name: string): void {
  if (definitions[name]) return;
  definitions[name] = strict(swagger.definitions[name] ?? {});
  for (const [, referred] of JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g))
    keep(referred ?? '');
}

function keepCustom(path: string): void {
  const { spec } = parse(readFileSync(path, 'utf8')) as {
    spec: {
      group: string;
      names: { kind: string };
      versions: { name: string; schema: { openAPIV3Schema: JsonSchema } }[];
    };
  };
  for (const version of spec.versions) {
    const name = definitionName(`${spec.group}/${version.name}`, spec.names.kind);
    kinds[name] = name;
    definitions[name] = strict(version.schema.openAPIV3Schema);
    keep('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    definitions[name] = {
      ...definitions[name],
      properties: {
        ...(definitions[name].properties as object),
        metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      },
    };
  }
}

/** A schema that knows no fields but its own, without texts and vendor words. */
function strict(schema: unknown): JsonSchema {
  if (Array.isArray(schema)) return schema.map(strict) as unknown as JsonSchema;
  if (schema === null || typeof schema !== 'object') return schema as JsonSchema;
  const { description: _, ...rest } = schema as JsonSchema;
  if (rest.format === 'int-or-string' || rest['x-kubernetes-int-or-string']) return { type: ['integer', 'string'] };
  const kept: JsonSchema = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('x-kubernetes-') || key === 'format' || key === 'default') continue;
    kept[key] = key === 'properties' ? fields(value as JsonSchema) : strict(value);
  }
  const open = rest['x-kubernetes-preserve-unknown-fields'] === true;
  if (kept.properties && kept.additionalProperties === undefined && !open) kept.additionalProperties = false;
  return kept;
}

function fields(properties: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, strict(value)]));
}

function moduleFolder(module: string): string {
  const told = execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', maxBuffer: 1 << 24 });
  return (JSON.parse(told) as { Dir: string }).Dir;
}
