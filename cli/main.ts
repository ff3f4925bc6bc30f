#!/usr/bin/env node
import { fail } from '../shared/runtime/lifecycle.ts';
import { carbonProgram } from './program.ts';

try {
  await carbonProgram(process.env).parseAsync();
} catch (error) {
  fail(error);
}
