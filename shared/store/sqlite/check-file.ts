// A program: PATH. Checks the structure of a SQLite file and prints "ok" or the first problem.
import { DatabaseSync } from 'node:sqlite';

const [path = ''] = process.argv.slice(2);
try {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('PRAGMA quick_check(1)').get();
  process.stdout.write(String(row?.quick_check));
} catch (error) {
  // Damage that already keeps the file from being opened is found, too, by those that open it.
  process.stdout.write(`not checked: ${(error as Error).message}`);
}
