import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Recorded } from './objects.ts';
import { RECORDED } from './objects.ts';
import { optionalTool } from './tools.ts';
import { renderVariant, sourcesFingerprint, VARIANTS } from './variants.ts';

// npm run k8s:render: records what kubectl and helm make of k8s/, so that the laws hold on machines without them.
const kubectl = optionalTool('kubectl', 'recording the manifests');
const helm = optionalTool('helm', 'recording the manifests');
if (kubectl === undefined || helm === undefined) {
  process.exitCode = 1;
} else {
  const variants = Object.fromEntries(
    VARIANTS.map((variant) => [variant.name, renderVariant(variant, { kubectl, helm })]),
  );
  const record: Recorded = { fingerprint: sourcesFingerprint(), variants };
  writeFileSync(RECORDED, gzipSync(JSON.stringify(record), { level: 9 }));
  console.log(
    `${Object.keys(variants).length} variants, ${Object.values(variants).flat().length} objects: ${RECORDED}`,
  );
}
