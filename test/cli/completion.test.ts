import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld } from '../browser/world.ts';
import { execFile } from '../children.ts';
import { ROOT } from '../laws/sources.ts';
import { available } from '../servers/available.ts';
import { temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const PATH = `${folder.path}:${process.env.PATH}`;

beforeAll(() => {
  const program = join(folder.path, 'carbon');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'cli/main.ts')} "$@"\n`);
  chmodSync(program, 0o755);
});
afterAll(() => folder[Symbol.dispose]());

function shell(program: string, ...args: string[]): string {
  const ran = spawnSync(program, args, { env: { PATH, HOME: folder.path, TERM: 'dumb' }, encoding: 'utf8' });
  return ran.stdout;
}

describe('carbon completion', { timeout: 90_000 }, () => {
  it.each([
    [['carbon', 'cal'], ['calculate']],
    [['carbon', 'services', 'm'], ['measure']],
    [['carbon', 'calculate', '--emb'], ['--embodied-grams']],
    [['carbon', 'calculate', '--service', 'q'], ['q2q-ai']],
    [['carbon', 'windows', '--zone', 'US-CAL-C'], ['US-CAL-CISO']],
  ])('completes %j in bash, without the package bash-completion', (words, choices) => {
    const script = `source <(carbon completion bash)
      COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
      __carbon_complete; printf '%s\n' "\${COMPREPLY[@]}"`;

    expect(shell('bash', '--norc', '-c', script).trim().split('\n')).toEqual(choices);
  });

  it('completes zones and services with those of the API, and with its own where that cannot be read', async () => {
    await using world = await startWorld({ token: 'secret-of-the-test' });
    const completed = async (words: readonly string[], env: Readonly<Record<string, string>>) => {
      const script = `source <(carbon completion bash)
        COMP_WORDS=(carbon ${words.join(' ')}); COMP_CWORD=${words.length}
        __carbon_complete; printf '%s\n' "\${COMPREPLY[@]}"`;
      const all = { PATH, HOME: folder.path, TERM: 'dumb', ...env };
      const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script], { env: all });
      // Bash itself reports that no key was pressed; the program has nothing to report.
      expect(stderr).not.toMatch(/\[[A-Z_]+\]|Error/);
      return stdout.trim().split('\n');
    };
    const api = { CARBON_API: world.url, CARBON_API_TOKEN: 'secret-of-the-test' };

    expect(await completed(['windows', '--zone', 'F'], api)).toEqual(['FR']);
    expect(await completed(['calculate', '--service', 'q'], api)).toEqual(['q2q-ai']);
    const own = await completed(['windows', '--zone', 'F'], {});
    expect(own.length).toBeGreaterThan(1);
    expect(await completed(['windows', '--zone', 'F'], { CARBON_API: world.url })).toEqual(own);
    expect(await completed(['windows', '--zone', 'F'], { CARBON_API: 'http://127.0.0.1:1' })).toEqual(own);
  });

  it.skipIf(!available('fish', 'install fish (Debian: apt-get install fish)'))('completes in fish', () => {
    const script = `source (carbon completion fish | psub)
      complete -C "carbon cal"; complete -C "carbon calculate --service q"; complete -C "carbon budget set --per we"`;

    const words = shell('fish', '--no-config', '-c', script)
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(words).toEqual(['calculate', 'q2q-ai', 'week']);
  });

  it.skipIf(!available('zsh', 'install zsh (Debian: apt-get install zsh)'))('completes in zsh as it is typed', () => {
    // A pseudo-terminal: zsh completes only where somebody types.
    const script = `zmodload zsh/zpty
      zpty -b z zsh -f -i
      zpty -w z 'PS1=">"; autoload -U compinit; compinit -u; source <(carbon completion zsh); print REA""DY'
      out=''
      until_seen() { local piece n=0; while [[ $out != *$1* && $n -lt 300 ]]; do zpty -r -t z piece && out+=$piece; sleep 0.1; n=$((n+1)); done }
      until_seen READY; out=''
      zpty -w -n z $'carbon cal\t'; until_seen calculate
      zpty -w -n z $'--service q\t'; until_seen q2q-ai
      print -r -- $out; zpty -d z`;

    expect(shell('zsh', '-f', '-c', script)).toMatch(/carbon calculate[\s\S]*--service q2q-ai/);
  });

  it('knows no other shell', () => {
    const ran = spawnSync(join(folder.path, 'carbon'), ['completion', 'tcsh'], { env: { PATH }, encoding: 'utf8' });

    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('Allowed choices are zsh, bash, fish');
  });
});
