import { lastLine } from './command';
import { describeMachine } from './machine';
import type { Machine } from './machine';

interface Attempt {
  readonly requirement: string;
  readonly machine: Machine;
  /** Version of Python. */
  readonly python: string;
}

const FULL = /No space left on device|Errno 28|Disk quota exceeded|Errno 122/i;
const BROKEN_OFF =
  /IncompleteRead|Connection broken:|ConnectionResetError|RemoteDisconnected|ReadTimeout|Read timed out|DO NOT MATCH THE HASHES|incomplete-download|Wheel '.*' located at .* is invalid|BadZipFile|ChunkedEncodingError/;
const UNREACHABLE =
  /NewConnectionError|Temporary failure in name resolution|Name or service not known|getaddrinfo failed|ConnectTimeout|ProxyError|Cannot connect to proxy|SSLError|CERTIFICATE_VERIFY_FAILED|Connection refused|Network is unreachable|HTTPError: (?:403|407|5\d\d)/i;
const NO_MATCH =
  /No matching distribution found|Could not find a version that satisfies|is not a supported wheel/i;

/** The reason in one sentence, with what to do, out of what pip printed. */
export function explainPip(output: string, { requirement, machine, python }: Attempt): string {
  if (FULL.test(output))
    return 'The disk became full while pip installed TensorFlow. Make room, and run the same command again.';
  // Before the lack of a match, which is pip's conclusion from an index that it could not read.
  if (BROKEN_OFF.test(output))
    return 'The download of TensorFlow broke off. Run the same command again: it goes on with what is missing.';
  if (UNREACHABLE.test(output))
    return "pip does not reach its package index. Check the network, or pip's proxy and certificates (pip config list).";
  if (NO_MATCH.test(output))
    return noMatch(output, requirement, `Python ${python} on ${describeMachine(machine)}`);
  const error =
    output
      .split('\n')
      .filter((line) => line.startsWith('ERROR:'))
      .at(-1) ?? lastLine(output);
  return `pip could not install ${requirement}: ${error.replace(/^ERROR: /, '').replace(/\.$/, '')}.`;
}

function noMatch(output: string, requirement: string, where: string): string {
  const listed = /\(from versions: ([^)]*)\)/.exec(output)?.[1] ?? '';
  const newest = listed
    .split(',')
    .map((version) => version.trim())
    .filter((version) => /^[\d.]+$/.test(version))
    .at(-1);
  if (newest === undefined)
    return (
      `pip finds no wheel of ${requirement} for ${where}: it does not reach its package index, or there is none for them. Check ` +
      'the network (pip config list), or name another Python with --python PATH.'
    );
  return (
    `There is no wheel of ${requirement} for ${where}. The newest that there is is ${newest}: add --tensorflow ${newest}, or ` +
    'name another Python with --python PATH.'
  );
}
