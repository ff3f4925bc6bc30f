#!/usr/bin/env node
import { explain } from './faults.ts';
import { flatProgram } from './flat-program.ts';
import { processIo } from './io.ts';

try {
  await flatProgram(process.env).parseAsync();
} catch (error) {
  process.exitCode = explain(error, processIo.talk);
}
