import { afterAll } from 'vitest';
import { endChildren } from './children.ts';

// Before each test file: registered first, so it runs after the file's own hooks.
afterAll(endChildren);
