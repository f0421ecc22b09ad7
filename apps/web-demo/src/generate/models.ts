import { proxy } from 'comlink';
import type { DownloadProgress } from '../load/download';
import type { Page } from '../shell/tab';
import { modelAddress } from './catalogue';
import type { CatalogueEntry } from './catalogue';
import type { ModelInfo, ModelSource } from './service';

/** What a visitor looks at: a model of the catalogue, or one of their own. */
export type Subject =
  { readonly entry: CatalogueEntry } | { readonly source: ModelSource; readonly title: string };

/** Name of a subject, for people. */
export function titleOf(subject: Subject): string {
  return 'entry' in subject ? subject.entry.title : subject.title;
}

/** The models of a subject in the worker. Opened when they are first asked for. */
export interface OpenSubject {
  readonly subject: Subject;
  /** The model itself. */
  main(onProgress?: (progress: DownloadProgress) => void): Promise<ModelInfo>;
  /** The flow-matching model beside it; null if there is none. */
  rival(): Promise<ModelInfo> | null;
  /** Frees them. */
  close(): void;
}

function sourcesOf(subject: Subject): { main: ModelSource; rival: ModelSource | null } {
  if (!('entry' in subject)) return { main: subject.source, rival: null };
  const at = (path: string): ModelSource => ({ address: modelAddress(path), base: document.baseURI });
  return { main: at(subject.entry.meanflow), rival: at(subject.entry.flowMatching) };
}

/** Prepares a subject; nothing is loaded yet. */
export function openSubject(page: Page, subject: Subject): OpenSubject {
  const { generate } = page.compute;
  const sources = sourcesOf(subject);
  const opened: Promise<ModelInfo>[] = [];
  const open = async (source: ModelSource, onProgress?: (progress: DownloadProgress) => void) => {
    await page.ready;
    return generate.open(source, ...(onProgress === undefined ? [] : [proxy(onProgress)]));
  };
  /** Once is enough, unless it failed. */
  const once = (source: ModelSource) => {
    let info: Promise<ModelInfo> | null = null;
    return (onProgress?: (progress: DownloadProgress) => void) => {
      if (info !== null) return info;
      const asked = open(source, onProgress);
      info = asked;
      opened.push(asked);
      asked.catch(() => {
        info = null;
      });
      return asked;
    };
  };
  const main = once(sources.main);
  const rival = sources.rival === null ? null : once(sources.rival);
  return {
    subject,
    main,
    rival: () => rival?.() ?? null,
    close() {
      for (const info of opened) {
        info.then(({ id }) => generate.close(id)).catch(() => undefined); // with its worker, if that was stopped
      }
    },
  };
}
