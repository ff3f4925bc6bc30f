import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const LINE = `
  import { createLogger } from './shared/runtime/logger.ts';
  createLogger('extender', 'info').info({ namespace: 'shop', name: 'web-0' }, 'a pod waits');`;

describe('the log', () => {
  it('has each key once: name is the process, object what the line is about', () => {
    const line = execFileSync(process.execPath, ['--input-type=module', '-e', LINE], { encoding: 'utf8' });

    expect(line.match(/"name"/g)).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({
      level: 'info',
      name: 'extender',
      namespace: 'shop',
      object: 'web-0',
      msg: 'a pod waits',
    });
  });
});
