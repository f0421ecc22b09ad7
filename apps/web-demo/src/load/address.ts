/** Where `hf://` names lead. */
const HUB = 'https://huggingface.co';

/** The files of a repository of the hub that may be meant where none is named, the best first. */
const USUAL_FILES = ['ema.safetensors', 'model.safetensors'];

function refuse(text: string): never {
  throw new Error(
    `A model must be named as https://host/file.safetensors or hf://owner/repository[/file][@revision], got ${text}.`,
  );
}

function isSafe(parts: readonly string[]): boolean {
  return parts.every((part) => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..');
}

function hubUrls(text: string, hub: string): string[] {
  const [, path = '', revision = 'main'] = /^hf:\/\/([^@?#]*)(?:@([^?#]+))?$/.exec(text) ?? refuse(text);
  const [owner = '', repository = '', ...file] = path.replace(/\/$/, '').split('/');
  if (owner === '' || repository === '' || !isSafe([owner, repository, ...file])) refuse(text);
  const base = `${hub.replace(/\/$/, '')}/${owner}/${repository}/resolve/${encodeURIComponent(revision)}`;
  return (file.length === 0 ? USUAL_FILES : [file.join('/')]).map((name) => `${base}/${name}`);
}

/**
 * The addresses that may hold what a visitor has typed, the best first.
 *
 * @param text `hf://owner/repository[/file][@revision]`, or an address of a file, absolute or relative.
 * @param base What a relative address starts from.
 * @param hub What `hf://` stands for.
 * @throws Error if it is neither.
 */
export function modelUrls(text: string, base: string, hub: string = HUB): string[] {
  const trimmed = text.trim();
  if (trimmed === '') refuse('nothing');
  if (trimmed.startsWith('hf:')) return hubUrls(trimmed, hub);
  let url: URL;
  try {
    url = new URL(trimmed, base);
  } catch {
    return refuse(text);
  }
  return url.protocol === 'https:' || url.protocol === 'http:' ? [url.href] : refuse(text);
}
