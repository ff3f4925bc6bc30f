#!/usr/bin/env node
import { flatProgram } from './flat-program.ts';
import { processIo } from './io.ts';
import { reportError } from './report-error.ts';

try {
  await flatProgram(process.env).parseAsync();
} catch (error) {
  process.exitCode = reportError(error, processIo.note);
}
