import { createLoadDialog } from '../load/loadDialog';
import type { Wanted } from '../load/loadDialog';
import { sizeText } from '../load/download';
import type { DownloadProgress } from '../load/download';
import type { Page, Tab } from '../shell/tab';
import { element, uniqueId } from '../ui/elements';
import { createBlend } from './blendSection';
import { createCard } from './cardSection';
import { loadCatalogue } from './catalogue';
import type { CatalogueEntry } from './catalogue';
import { createCompare } from './compareSection';
import { createHero } from './heroSection';
import { openSubject, titleOf } from './models';
import type { OpenSubject, Subject } from './models';
import type { ModelSource } from './service';
import { labelsFor, readSettings, writeSettings } from './settings';
import type { DrawSettings } from './settings';

const OPEN = 'open';
const OWN = 'own';

/** The choice of a model, with the visitor's own at its end. */
function createModelSelect(onChoose: (id: string) => void) {
  const id = uniqueId('model');
  const select = element('select', { attributes: { id } });
  select.addEventListener('change', () => {
    onChoose(select.value);
  });
  return {
    root: element('div', 'field', element('label', { text: 'Model', attributes: { for: id } }), select),
    fill(entries: readonly CatalogueEntry[], own: string | null) {
      const options: [string, string][] = [
        ...entries.map(({ id: name, title }): [string, string] => [name, title]),
        ...(own === null ? [] : [[OWN, own] as [string, string]]),
        [OPEN, 'Open a checkpoint …'],
      ];
      select.replaceChildren(
        ...options.map(([value, text]) => element('option', { text, attributes: { value } })),
      );
    },
    choose(value: string) {
      select.value = value;
    },
  };
}

function shareOf({ received, total }: DownloadProgress): number | null {
  return total === null || total === 0 ? null : received / total;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The tab Generate: a grid in one call, calls compared, noises blended. */
export const generateTab: Tab = {
  id: 'generate',
  title: 'Generate',
  mount(panel: HTMLElement, page: Page) {
    let entries: readonly CatalogueEntry[] = [];
    let own: Subject | null = null;
    let opened: OpenSubject | null = null;
    let settings: DrawSettings = readSettings(page.url.get);
    let isDrawing = false;
    let isAskedAgain = false;

    const models = createModelSelect((id) => {
      if (id === OPEN) {
        models.choose(current());
        dialog.open();
        return;
      }
      const entry = entries.find((candidate) => candidate.id === id);
      if (entry !== undefined) use({ entry });
      else if (own !== null) use(own);
    });
    const hero = createHero(page, { change, models: models.root });
    const compare = createCompare(page);
    const blend = createBlend(page);
    const card = createCard();
    const dialog = createLoadDialog((wanted) => {
      tryOwn(wanted).catch((error: unknown) => {
        dialog.failed(messageOf(error));
      });
    });
    panel.append(hero.root, compare.root, blend.root, card.root, dialog.root);

    function current(): string {
      if (opened === null) return '';
      return 'entry' in opened.subject ? opened.subject.entry.id : OWN;
    }

    function change(changes: Partial<DrawSettings>): void {
      settings = { ...settings, ...changes };
      page.url.set(writeSettings(settings));
      hero.settings(settings);
      void draw();
    }

    /** Draws with the settings as they are. What is asked for meanwhile is drawn once, when this is done. */
    async function draw(): Promise<void> {
      if (isDrawing) {
        isAskedAgain = true;
        return;
      }
      isDrawing = true;
      do {
        isAskedAgain = false;
        await drawOnce();
      } while (isAskedAgain as boolean); // changed by others while this waits
      isDrawing = false;
    }

    async function drawOnce(): Promise<void> {
      if (opened === null) return;
      const subject = opened;
      const { seed, chosenClass, calls } = settings;
      hero.drawing();
      try {
        const info = await subject.main();
        const labels = labelsFor(info.dataset, chosenClass);
        const drawn = await page.compute.generate.draw(info.id, { labels, seed, nfe: calls });
        if (isAskedAgain || opened !== subject) return;
        hero.drawn(drawn, labels, info, { seed, chosenClass, calls });
        compare.update(subject, settings);
        blend.update(subject, settings);
      } catch (error) {
        if (opened === subject) hero.failed('No picture was drawn.');
        page.fail(error);
      }
    }

    /** Makes a model the one that is shown. */
    function use(subject: Subject, prepared = openSubject(page, subject)): void {
      opened?.close();
      opened = prepared;
      models.fill(entries, own === null ? null : titleOf(own));
      models.choose(current());
      page.url.set({ model: 'entry' in subject && subject.entry !== entries[0] ? subject.entry.id : null });
      const title = titleOf(subject);
      hero.loading(title, null);
      prepared
        .main((progress) => {
          hero.loading(title, shareOf(progress));
        })
        .then((info) => {
          if (opened !== prepared) return;
          if (settings.chosenClass !== null && settings.chosenClass >= info.dataset.numClasses)
            settings = { ...settings, chosenClass: null };
          hero.model(info.dataset);
          hero.settings(settings);
          card.show(subject, info);
          void draw();
        })
        .catch((error: unknown) => {
          if (opened === prepared) hero.failed('The model could not be loaded.');
          page.fail(error);
        });
    }

    async function tryOwn(wanted: Wanted): Promise<void> {
      const hub = page.url.get('hub');
      const source: ModelSource =
        'file' in wanted
          ? wanted
          : { address: wanted.address, base: document.baseURI, ...(hub === null ? {} : { hub }) };
      const title = 'file' in wanted ? wanted.file.name : wanted.address;
      const subject: Subject = { source, title };
      const prepared = openSubject(page, subject);
      dialog.busy(`Reading ${title}`);
      await prepared.main((progress) => {
        dialog.busy(`Reading ${title}, ${sizeText(progress.received)}`);
      });
      own = subject;
      dialog.close();
      use(subject, prepared);
    }

    page.onRestart(() => {
      if (opened !== null) use(opened.subject);
    });
    for (const type of ['dragover', 'drop'] as const) {
      panel.addEventListener(type, (event) => {
        event.preventDefault();
        const [file] = event.dataTransfer?.files ?? [];
        if (type !== 'drop' || file === undefined) return;
        dialog.open();
        tryOwn({ file }).catch((error: unknown) => {
          dialog.failed(messageOf(error));
        });
      });
    }

    hero.settings(settings);
    loadCatalogue().then(
      (catalogue) => {
        entries = catalogue;
        const [first] = entries;
        const chosen = entries.find(({ id }) => id === page.url.get('model')) ?? first;
        models.fill(entries, null);
        if (chosen !== undefined) use({ entry: chosen });
      },
      (error: unknown) => {
        hero.failed(messageOf(error));
      },
    );
  },
};
