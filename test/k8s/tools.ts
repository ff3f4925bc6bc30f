import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../servers/available.ts';

/** A program that only deepens a check: from KUBE_TOOLS or the PATH. Without it a person is told what is left out, and CI goes on. */
export function optionalTool(name: string, leftOut: string): string | undefined {
  const given = process.env.KUBE_TOOLS ? join(process.env.KUBE_TOOLS, name) : undefined;
  const path = given && existsSync(given) ? given : findProgram(name);
  if (path === undefined)
    process.stderr.write(
      `\n!! LEFT OUT: ${leftOut}. It needs ${name} on the PATH or in KUBE_TOOLS; test/cluster/assets/build makes ${name}.\n\n`,
    );
  return path;
}
