/**
 * Says what is wrong with the native binding, as the second half of a sentence, out of the error that it threw while it was
 * loaded or computed.
 *
 * @param name The binding's package.
 */
export function explainBinding(name: string, reason: string): string {
  if (/can ?not be found at path/i.test(reason)) return `the binding of ${name} is not compiled`;
  const library =
    /(lib[\w.+-]+): cannot open shared object file|Library not loaded: \S*?([^/\s]+\.dylib)/.exec(reason);
  if (library !== null)
    return `the binding of ${name} does not find TensorFlow (${library[1] ?? library[2] ?? 'its library'})`;
  if (
    /tfjs_binding\w*\.node: cannot open|wrong ELF class|invalid ELF header|incompatible architecture|NODE_MODULE_VERSION|not a valid Win32/i.test(
      reason,
    )
  )
    return `the binding of ${name} was compiled for another processor or Node.js than ${process.version} on ${process.arch}`;
  if (/util\w*\.is\w+\)? is not a function/.test(reason))
    return `${name} calls functions that Node.js 23 removed, and this is ${process.version}`;
  return `${name} does not work: ${reason}`;
}
