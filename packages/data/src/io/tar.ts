import { TAR_BLOCK, isZeroBlock, looksLikeHeader, parsePax, parseTarHeader } from './tarHeader';

/** A regular file of an archive. */
export interface TarEntry {
  readonly name: string;
  /** Where its first header block begins, in bytes of the archive. */
  readonly offset: number;
  readonly size: number;
  /** A copy of its content, the receiver's to keep; null if it was not wanted. */
  readonly content: Uint8Array | null;
}

/** What a {@link TarParser} tells, in the order of the archive. */
export interface TarHandler {
  /** Whether the content is to be kept. Content that is not wanted is not held in memory. */
  wants(name: string, size: number): boolean;
  onEntry(entry: TarEntry): void;
  /** A damage; reading goes on at the next block that surely is a header. */
  onDamage(offset: number, problem: string): void;
}

/** Reads a tar archive from pieces of any size. */
export interface TarParser {
  /** Takes the next piece and tells all that it completes. Borrows the piece. */
  push(piece: Uint8Array): void;
  /** Says that the archive is over: a damage if something is missing. */
  end(): void;
  /** Bytes from here on that nobody wants; whoever can, leaves out as many and says so by `skip`. */
  readonly unwanted: number;
  skip(bytes: number): void;
  /** Bytes taken until now. */
  readonly position: number;
  /** Whether the end of the archive was seen: what follows means nothing. */
  readonly ended: boolean;
}

const LONGEST_EXTENSION = 2 ** 20; // bytes of a long name or pax header

/** What extension headers say about the entry after them. */
interface Extension {
  readonly offset: number;
  readonly path?: string;
  readonly size?: number;
}

type Content =
  | { readonly kind: 'entry'; readonly name: string; readonly offset: number; readonly wanted: boolean }
  | { readonly kind: 'longName' | 'pax'; readonly offset: number }
  | { readonly kind: 'ignored' };

const padded = (size: number) => Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;

function zeroTerminated(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, zero < 0 ? bytes.length : zero));
}

/** A copy in memory of its own: `slice` of a Node Buffer would be a view. */
function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

class Parser implements TarParser {
  position = 0;
  ended = false;
  readonly #handler: TarHandler;
  readonly #block = new Uint8Array(TAR_BLOCK); // a header that lies in two pieces
  #blockFilled = 0;
  #content: Content | null = null; // null: a header comes next
  #size = 0; // of the content
  #pieces: Uint8Array[] = []; // of the content that is kept
  #missing = 0; // bytes of the content that are still to come
  #padding = 0; // bytes after the content
  #extension: Extension | null = null;
  #lost = false; // after a damage, until the next header

  constructor(handler: TarHandler, position: number) {
    this.#handler = handler;
    this.position = position;
  }

  get unwanted(): number {
    if (this.ended) return 0;
    const content = this.#content;
    if (content === null) return this.#padding;
    const kept = content.kind === 'entry' ? content.wanted : content.kind !== 'ignored';
    return kept ? 0 : this.#missing + this.#padding;
  }

  skip(bytes: number): void {
    const ofContent = Math.min(bytes, this.#missing);
    this.#missing -= ofContent;
    this.#padding -= bytes - ofContent;
    this.position += bytes;
    if (this.#content !== null && this.#missing === 0) this.#finishContent();
  }

  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      const left = piece.length - at;
      if (this.ended) {
        this.position += left;
        return;
      }
      const unwanted = Math.min(this.unwanted, left);
      if (unwanted > 0) {
        this.skip(unwanted);
        at += unwanted;
      } else if (this.#content === null) {
        at += this.#takeHeader(piece, at);
      } else {
        const taken = Math.min(this.#missing, left);
        this.#pieces.push(piece.subarray(at, at + taken));
        this.#missing -= taken;
        this.position += taken;
        at += taken;
        if (this.#missing === 0) this.#finishContent();
      }
    }
    // The piece is borrowed: what is kept of it beyond this call is a copy.
    const last = this.#pieces.pop();
    if (last !== undefined) this.#pieces.push(copyOf(last));
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    const content = this.#content;
    if (content !== null) {
      const what = content.kind === 'entry' ? `file ${content.name}` : 'entry';
      const got = this.#size - this.#missing;
      const offset = content.kind === 'ignored' ? this.position : content.offset;
      this.#damage(offset, `the ${what} must have ${this.#size} bytes, got ${got}: the tar is cut short`);
    } else if (!this.#lost) {
      this.#damage(
        this.position - this.#blockFilled,
        'the tar must end with a block of zeros, but ends before it: it is cut short',
      );
    }
  }

  #damage(offset: number, problem: string): void {
    this.#extension = null;
    this.#handler.onDamage(offset, problem);
  }

  /** Takes bytes of a header block, and the header once it is whole. Returns how many. */
  #takeHeader(piece: Uint8Array, at: number): number {
    if (this.#blockFilled === 0 && piece.length - at >= TAR_BLOCK) {
      this.position += TAR_BLOCK;
      this.#header(piece.subarray(at, at + TAR_BLOCK));
      return TAR_BLOCK;
    }
    const taken = Math.min(TAR_BLOCK - this.#blockFilled, piece.length - at);
    this.#block.set(piece.subarray(at, at + taken), this.#blockFilled);
    this.#blockFilled += taken;
    this.position += taken;
    if (this.#blockFilled === TAR_BLOCK) {
      this.#blockFilled = 0;
      this.#header(this.#block);
    }
    return taken;
  }

  #header(block: Uint8Array): void {
    if (isZeroBlock(block)) {
      this.ended = !this.#lost; // zeros may be content, as long as it is not known where headers are
      return;
    }
    if (this.#lost && !looksLikeHeader(block)) return;
    const offset = this.#extension?.offset ?? this.position - TAR_BLOCK;
    const header = parseTarHeader(block);
    if (typeof header === 'string') {
      this.#lost = true;
      this.#damage(this.position - TAR_BLOCK, header);
      return;
    }
    this.#lost = false;
    this.#begin(header, offset);
  }

  #begin({ name, size, type }: { name: string; size: number; type: string }, offset: number): void {
    if (type === 'L' || type === 'x') {
      if (size > LONGEST_EXTENSION) {
        this.#damage(offset, `a long name must have at most ${LONGEST_EXTENSION} bytes, got ${size}`);
        this.#lost = true;
        return;
      }
      this.#expect({ kind: type === 'L' ? 'longName' : 'pax', offset }, size);
      return;
    }
    if (type === 'K' || type === 'g') {
      this.#expect({ kind: 'ignored' }, size);
      return;
    }
    const fullName = this.#extension?.path ?? name;
    const fullSize = this.#extension?.size ?? size;
    this.#extension = null;
    if (type === '0' || type === '7') {
      const wanted = this.#handler.wants(fullName, fullSize);
      this.#expect({ kind: 'entry', name: fullName, offset, wanted }, fullSize);
    } else {
      // Links, devices and folders have no content, whatever their size field says.
      this.#expect({ kind: 'ignored' }, type >= '1' && type <= '6' ? 0 : fullSize);
    }
  }

  #expect(content: Content, size: number): void {
    this.#content = content;
    this.#size = size;
    this.#missing = size;
    this.#padding = padded(size) - size;
    if (size === 0) this.#finishContent();
  }

  #joined(): Uint8Array {
    const [first, ...others] = this.#pieces;
    this.#pieces = [];
    if (first === undefined) return new Uint8Array();
    if (others.length === 0) return copyOf(first);
    const all = new Uint8Array(this.#size);
    all.set(first);
    let at = first.length;
    for (const piece of others) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  #finishContent(): void {
    const content = this.#content;
    this.#content = null;
    if (content === null || content.kind === 'ignored') return;
    if (content.kind === 'entry') {
      const { name, offset, wanted } = content;
      this.#handler.onEntry({ name, offset, size: this.#size, content: wanted ? this.#joined() : null });
      return;
    }
    const { offset } = content;
    if (content.kind === 'longName') {
      this.#extension = { ...this.#extension, offset, path: zeroTerminated(this.#joined()) };
      return;
    }
    const pax = parsePax(this.#joined());
    if (pax === null) this.#damage(offset, 'the pax header must be lines of length, key and value');
    else this.#extension = { ...this.#extension, offset, ...pax };
  }
}

/**
 * A parser of tar archives: ustar, GNU with long names, pax, and sizes in base 256. It needs no more memory than the
 * content that is wanted, and works on pieces as they arrive, many entries at a time, without a promise for each.
 *
 * @param handler Receives what is found.
 * @param position Where the first piece begins in the archive, for the offsets that are told. Default 0.
 */
export function createTarParser(handler: TarHandler, position = 0): TarParser {
  return new Parser(handler, position);
}
