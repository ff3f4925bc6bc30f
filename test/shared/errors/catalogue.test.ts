import { describe, expect, it } from 'vitest';
import { errorFactory, isCodedError } from '../../../shared/errors/catalogue.ts';

const makeError = errorFactory({
  ZONE_UNKNOWN: { status: 400, message: '"{zone}" is not a zone code', action: 'use one like {example}' },
  STORE_AWAY: { status: 503, exitCode: 3, message: 'the store cannot be reached' },
});

describe('an error of a catalogue', () => {
  it('composes its message of what happened and what to do, with its facts', () => {
    const error = makeError('ZONE_UNKNOWN', { zone: 'XX', example: 'DE' });

    expect(error.message).toBe('"XX" is not a zone code; use one like DE');
    expect(error).toMatchObject({ code: 'ZONE_UNKNOWN', status: 400, facts: { zone: 'XX', example: 'DE' } });
    expect(error.exitCode).toBeUndefined();
  });

  it('keeps braces that a fact brings along', () => {
    expect(makeError('ZONE_UNKNOWN', { zone: '{example}', example: 'DE' }).message).toContain('"{example}" is not');
  });

  it('carries its exit code and its cause', () => {
    const cause = new Error('ECONNREFUSED');

    expect(makeError('STORE_AWAY', {}, { cause })).toMatchObject({ exitCode: 3, cause });
  });

  it('is known by name where a thread has taken its class away', () => {
    const copied = Object.assign(new Error('the store cannot be reached'), { name: 'CodedError' });

    expect(isCodedError(copied)).toBe(true);
    expect(isCodedError(new Error('other'))).toBe(false);
  });
});
