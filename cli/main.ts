#!/usr/bin/env node
import { explain } from './faults.ts';
import { processIo } from './io.ts';
import { carbonProgram } from './program.ts';

try {
  await carbonProgram(process.env).parseAsync();
} catch (error) {
  process.exitCode = explain(error, processIo.talk);
}
