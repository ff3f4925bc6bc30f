#!/usr/bin/env node
import { processIo } from './io.ts';
import { carbonProgram } from './program.ts';
import { reportError } from './report-error.ts';

try {
  await carbonProgram(process.env).parseAsync();
} catch (error) {
  process.exitCode = reportError(error, processIo.note);
}
