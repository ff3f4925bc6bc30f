import { expect, it } from 'vitest';
import { run, temporaryFolder } from './run.ts';

const COMMANDS = [
  ['workloads', 'import'],
  ['statement', 'verify'],
  ['simulate', '--jobs'],
  ['simulate', '--trace'],
  ['calculate', '--service', 'q2q-ai', '--region', 'DE', '--requests', '1', '--usage'],
];

it.each(COMMANDS)('%s %s says in plain words why a file cannot be read', async (...command) => {
  using folder = temporaryFolder();
  const env = { DATA_DIR: folder.path };

  const missing = await run([...command, '/no/such/file.csv'], env);
  const directory = await run([...command, folder.path], env);

  expect(missing).toMatchObject({ code: 1, out: '', notes: '/no/such/file.csv: no such file [FILE_INVALID]\n' });
  expect(directory).toMatchObject({
    code: 1,
    out: '',
    notes: `${folder.path}: is a directory, not a file [FILE_INVALID]\n`,
  });
});
