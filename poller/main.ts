#!/usr/bin/env node
import { runProgram } from '../shared/runtime/program.ts';
import { pollerConfigSchema } from './config.ts';
import { pollOnceAndExit } from './once.ts';
import { startPoller } from './poller.ts';

const once = {
  tells: 'fetch, store, write the cache; exit 0 done, 1 configuration, 2 no provider answered, 3 database not written',
  run: pollOnceAndExit,
};
const errands = { '--once': once };
const program = { name: 'poller', settings: pollerConfigSchema, errands, start: startPoller };

await runProgram(program, process.argv.slice(2), process.env);
