import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Document, parse, parseDocument } from 'yaml';
import { calculatorError } from '../calculator/error.ts';
import { profilesFromFile } from '../calculator/service-file.ts';
import {
  builtInProfiles,
  type ServiceProfile,
  type ServiceProfiles,
  withProfiles,
} from '../calculator/service-profiles.ts';

/** The built-in profiles with those of a YAML or JSON file, where one is named. */
export function knownProfiles(file: string | undefined): ServiceProfiles {
  return file === undefined
    ? builtInProfiles()
    : withProfiles(builtInProfiles(), profilesFromFile(contentOf(file), file));
}

/** Adds or replaces a profile in a YAML or JSON file, keeping everything else in it, comments included. */
export async function saveProfile(file: string, profile: ServiceProfile): Promise<void> {
  const { service, ...fields } = profile;
  if (extname(file) === '.json') {
    const content = existsSync(file) ? (contentOf(file) as { services: object }) : { services: {} };
    if (existsSync(file)) profilesFromFile(content, file);
    const next = { ...content, services: { ...content.services, [service]: fields } };
    return writeFileAtomic(file, `${JSON.stringify(next, null, 2)}\n`);
  }
  if (existsSync(file)) profilesFromFile(contentOf(file), file);
  const document = existsSync(file) ? parseDocument(readFileSync(file, 'utf8')) : new Document({ services: {} });
  document.setIn(['services', service], document.createNode(fields));
  return writeFileAtomic(file, document.toString());
}

function contentOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw calculatorError('SERVICE_FILE_UNREADABLE', {
      file,
      cause: (error as NodeJS.ErrnoException).code ?? 'unknown',
    });
  }
  try {
    // JSON is YAML, so one reader does for both.
    return parse(text);
  } catch (error) {
    throw calculatorError('SERVICE_FILE_NOT_YAML', { file, cause: (error as Error).message.split('\n')[0] ?? '' });
  }
}
