import { lastLine } from './command';

/** How to get a compiler, by platform. */
export function compilerAdvice(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'Install the command line tools: xcode-select --install';
  return 'Install one: apt install build-essential (Debian, Ubuntu) or dnf install gcc-c++ make (Fedora)';
}

/** The reason in one sentence, with what to do, out of what node-gyp printed. */
export function explainCompiler(output: string, platform: NodeJS.Platform, log: string): string {
  if (/No space left on device/i.test(output))
    return 'The disk became full while the binding was compiled. Make room, and run the same command again.';
  if (
    /not found: make|make: (g\+\+|c\+\+|cc|clang\+\+).*(No such file|not found)|(g\+\+|c\+\+|clang\+\+): (command )?not found|xcode-select: (error|note)/i.test(
      output,
    )
  )
    return `There is no C++ compiler with make. ${compilerAdvice(platform)}.`;
  if (/unrecognized command[- ]line option .*-std=|invalid value '(gnu|c)\+\+17'/i.test(output))
    return `The C++ compiler is too old: it does not know C++17. ${compilerAdvice(platform)}, or name another one: CXX=PATH.`;
  if (/Killed signal|internal compiler error: Killed|out of memory/i.test(output))
    return 'The compiler ran out of memory. Close other programs, and run the same command again.';
  if (
    /getaddrinfo|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|FetchError|nodejs\.org.*(40\d|50\d)|bad response.*nodejs/i.test(
      output,
    )
  )
    return (
      'node-gyp does not get the headers of Node.js from nodejs.org. Name a folder that has them in include/node: ' +
      '--nodedir PATH.'
    );
  const missing = /fatal error: '?([\w./]+\.h)'?/.exec(output)?.[1];
  if (missing !== undefined) return `The compiler does not find ${missing}. The whole output is in ${log}.`;
  const error =
    output
      .split('\n')
      .find((line) => /\berror:/i.test(line))
      ?.trim() ?? lastLine(output);
  return `The binding does not compile: ${error}. The whole output is in ${log}.`;
}
