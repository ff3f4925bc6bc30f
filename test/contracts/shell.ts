import { promisify } from 'node:util';
import { execFile } from '../children.ts';

const run = promisify(execFile);

/** Runs a command as a document has it, with other addresses in the place of its own; resolves with what it prints. */
export async function shell(command: string, addresses: Readonly<Record<string, string>>): Promise<string> {
  let adapted = command;
  for (const [from, to] of Object.entries(addresses)) adapted = adapted.replaceAll(from, to);
  const { stdout } = await run('bash', ['-c', adapted], { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The same for a command that prints JSON. Its shape is what the test checks. */
// biome-ignore lint/suspicious/noExplicitAny: a client reads fields of a shape that the test is about to check.
export async function shellJson(command: string, addresses: Readonly<Record<string, string>>): Promise<any> {
  return JSON.parse(await shell(command, addresses));
}
