import type { PageMessage } from './serviceWorker';

/** What the page learns of its service worker. */
export interface OfflineListener {
  /** Whether the page will work without a network, as half a sentence. */
  state(text: string): void;
  /** A new version waits; `update` takes it, and the page reloads. */
  newVersion(update: () => void): void;
}

/** What keeps the page for later. */
export interface Offline {
  /** Keeps everything at these addresses. Call it again when there is more. */
  keep(urls: readonly string[]): void;
}

const RELOADED = 'meanflow-reloaded-for-isolation';

/** Asks a service worker to keep files, and whether they are kept. */
function askToKeep(worker: ServiceWorker, urls: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      resolve(data === true);
    };
    const message: PageMessage = { type: 'keep', urls };
    worker.postMessage(message, [port2]);
  });
}

/** Reloads once a visit, so that the service worker can add the headers that isolate the page. */
function reloadForIsolation(): void {
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(RELOADED) !== null) return;
  sessionStorage.setItem(RELOADED, 'yes');
  window.location.reload();
}

function watchForUpdate(registration: ServiceWorkerRegistration, listener: OfflineListener): void {
  const offer = (worker: ServiceWorker) => {
    listener.newVersion(() => {
      navigator.serviceWorker.addEventListener('controllerchange', () => {
        window.location.reload();
      });
      const message: PageMessage = { type: 'update' };
      worker.postMessage(message);
    });
  };
  // The first version has nothing to replace.
  if (registration.waiting !== null && navigator.serviceWorker.controller !== null)
    offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed' && navigator.serviceWorker.controller !== null) offer(worker);
    });
  });
}

/**
 * Starts the service worker, which keeps the page for offline use and isolates it where its host does not.
 *
 * @param listener Told what comes of it.
 */
export function startOffline(listener: OfflineListener): Offline {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) {
    listener.state(
      import.meta.env.DEV ? 'not while it is developed' : 'this browser allows no service worker here',
    );
    return { keep: () => undefined };
  }
  const { serviceWorker } = navigator;
  let kept = '';
  const register = async () => {
    const registration = await serviceWorker.register(new URL('sw.js', document.baseURI), { scope: './' });
    watchForUpdate(registration, listener);
    await serviceWorker.ready;
    if (serviceWorker.controller === null) {
      await new Promise((resolve) => {
        serviceWorker.addEventListener('controllerchange', resolve, { once: true });
      });
    }
    reloadForIsolation();
  };
  const ready = register();
  ready.catch((error: unknown) => {
    listener.state(`no: ${error instanceof Error ? error.message : String(error)}`);
  });
  return {
    keep(urls) {
      const list = [...new Set(urls)].sort().join('\n');
      if (list === kept) return;
      kept = list;
      void ready.then(
        async () => {
          const { controller } = serviceWorker;
          if (controller === null) return;
          const isKept = await askToKeep(controller, list.split('\n'));
          listener.state(
            isKept ? 'yes, what you have used is kept' : 'not all of it: there may be no room left',
          );
          if (!isKept) kept = '';
        },
        () => undefined,
      ); // `state` has told
    },
  };
}
