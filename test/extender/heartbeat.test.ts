import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { spawn } from '../children.ts';
import { ROOT } from '../laws/sources.ts';
import { temporaryFolder } from './cache/cache-file.ts';

const IMPORT = `import { startHeartbeat } from ${JSON.stringify(join(ROOT, 'extender/heartbeat.ts'))};`;

describe('the heartbeat', () => {
  it('ends a process whose event loop hangs, with a log line that says so', async () => {
    const { code, signal, output } = await runScript(`
      const { watched } = startHeartbeat(500, fail);
      setTimeout(() => undefined, 60_000);
      await watched;
      for (;;);`);

    expect([code, signal]).toEqual([null, 'SIGKILL']);
    expect(JSON.parse(output)).toMatchObject({ level: 'error', name: 'extender', code: 'EVENT_LOOP_HUNG' });
    expect(JSON.parse(output).hungMs).toBeGreaterThanOrEqual(500);
  });

  it('ends a whole extender within its limit when the event loop of its scheduler port hangs', async () => {
    await using folder = await temporaryFolder();
    const hang = 'data:text/javascript,process.on("SIGUSR2",()=>{for(;;);})';
    const env = {
      ...{ CACHE_FILE: join(folder.path, 'cache.json'), DATA_DIR: folder.path, NODE_WATCH: 'off', LOG_LEVEL: 'info' },
      ...{ EXTENDER_PORT: '0', API_PORT: '0', EVENT_LOOP_LIMIT_SECONDS: '1' },
    };
    const args = ['--import', hang, join(ROOT, 'extender/main.ts')];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const exited = once(child, 'exit');
    await expect.poll(() => output, { timeout: 60_000 }).toContain('extender started');

    child.kill('SIGUSR2');
    const [code, signal] = await exited;

    const last = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    expect(last).toMatchObject({ code: 'EVENT_LOOP_HUNG' });
    // What the process could not have used, because the machine gave it no processor, does not count.
    expect(last.hungMs).toBeGreaterThanOrEqual(1_000);
    expect(last.hungMs).toBeLessThan(1_500);
  }, 90_000);

  it('leaves a process alone whose event loop turns, and whose pauses are shorter than the limit', async () => {
    const { code, output } = await runScript(`
      const heartbeat = startHeartbeat(2_000, fail);
      for (let pause = 0; pause < 4; pause++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await heartbeat[Symbol.asyncDispose]();
      console.log('{}');`);

    expect([code, output]).toEqual([0, '{}\n']);
  });

  it('does not keep a process from ending', async () => {
    const { code } = await runScript('startHeartbeat(60_000, fail);');

    expect(code).toBe(0);
  });

  it('does not count the time in which the whole process was stopped', async () => {
    const { code } = await runScript(
      `startHeartbeat(500, fail);
       console.log('{}');
       setTimeout(() => process.exit(3), 2_500);`,
      async (child) => {
        await once(child.stdout, 'data');
        child.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        child.kill('SIGCONT');
      },
    );

    expect(code).toBe(3);
  });
});

async function runScript(
  script: string,
  meanwhile: (child: ReturnType<typeof spawnScript>) => Promise<void> = async () => undefined,
) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'script.mjs');
  await writeFile(file, `${IMPORT}\nconst fail = (error) => { throw error; };\n${script}`);
  const child = spawnScript(file);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  await meanwhile(child);
  const [code, signal] = await exited;
  return { code, signal, output };
}

function spawnScript(file: string) {
  return spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
}
