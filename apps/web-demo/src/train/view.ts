import { proxy } from 'comlink';
import type { Page, Tab } from '../shell/tab';
import { ComputeStopped } from '../shell/compute';
import { button, element } from '../ui/elements';
import type { TrainChoices } from './choices';
import { filesOfDrop } from './droppedFiles';
import { createLossPlot } from './lossPlot';
import type { ImageForm } from './ownImages';
import { createRunPanel } from './runPanel';
import type { RunState } from './runPanel';
import { createSamplesPanel } from './samplesPanel';
import type { Dropped, DroppedFile } from './service';
import type { Shown } from './session';
import { createSetupPanel } from './setupPanel';
import type { DataSummary, KeptSummary, Opening, RunSummary, TrainEvent } from './trainEvents';
import './train.css';

/** The tab Train. */
export const trainTab: Tab = createTrainTab();

function createTrainTab(): Tab {
  let show: (isVisible: boolean) => void = () => undefined;
  return {
    id: 'train',
    title: 'Train',
    mount(panel, page) {
      show = build(panel, page);
    },
    visible(isVisible) {
      show(isVisible);
    },
  };
}

const MORE_STEPS = 1000;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const grouped = (value: number) => value.toLocaleString('en');

const sentenceOn = (shown: Shown) =>
  `from ${shown.weights === 'ema' ? 'averaged' : 'raw'} weights in ${shown.nfe} network ${shown.nfe === 1 ? 'call' : 'calls'} each`;

/** A sentence on what will be trained on. */
function dataSentence({
  name,
  count,
  side: [height, width],
  channels,
  numClasses,
  classNames,
}: DataSummary): string {
  if (name === 'digits')
    return `Some of ${grouped(count)} handwritten digits of 8 x 8 pixels, which come with the page.`;
  const colour = channels === 1 ? 'grey' : 'colour';
  const names = classNames.slice(0, 6).join(', ') + (classNames.length > 6 ? ', …' : '');
  const classes =
    numClasses === 0 ? 'without classes' : `in ${numClasses} classes${names === '' ? '' : ` (${names})`}`;
  return `${grouped(count)} ${count === 1 ? 'image' : 'images'} of ${height} x ${width}, ${colour}, ${classes}.`;
}

/** A file that the browser saves. */
function saveFile(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
  element('a', { attributes: { href: url, download: name } }).click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** Builds the tab, and returns what shows and hides it. */
function build(panel: HTMLElement, page: Page): (isVisible: boolean) => void {
  let run: RunSummary | null = null;
  let state: RunState = 'paused';
  let kept: KeptSummary | null = null;
  let data: DataSummary | null = null;
  /** What was dropped last, for a worker that was started again. */
  let files: readonly DroppedFile[] | null = null;
  let isOpened = false;
  let isVisible = false;
  /** Counts the workers: answers of an earlier one mean nothing. */
  let era = 0;

  const service = () => page.compute.train;

  const setup = createSetupPanel({ begin, digits: useDigits, files: drop, reform });
  const runs = createRunPanel({ toggle, show: showOther, download, leave });
  const samples = createSamplesPanel();
  const loss = createLossPlot();
  const lead = element(
    'p',
    'lead',
    'The network starts from nothing and learns on this device, while you watch. It goes on while you look elsewhere, and picks up after a reload.',
  );
  const keptText = element('p');
  const keptBox = element(
    'section',
    { class: 'kept', attributes: { 'aria-label': 'A training of an earlier visit' } },
    keptText,
    element(
      'div',
      'run-actions',
      button('quiet-button strong', resume, 'Go on with it'),
      button('quiet-button', download, 'Download it'),
      button('quiet-button', forget, 'Forget it'),
    ),
  );
  const problems = element('div', 'train-problems');
  const left = element('div', 'train-desk', problems, keptBox, setup.root, runs.root, loss.root);
  const root = element(
    'div',
    'train',
    element('div', 'train-head', element('h1', { text: 'Train it yourself' }), lead),
    element('div', 'train-columns', left, element('div', 'train-sheet', samples.root)),
  );
  panel.append(root);
  keptBox.hidden = true;
  showSetup();

  function fail(error: unknown): void {
    page.fail(error);
  }

  /** Asks the worker for something; what goes wrong is told. */
  function ask<T>(job: (train: ReturnType<typeof service>) => Promise<T>, then?: (value: T) => void): void {
    const mine = era;
    page.ready
      .then(() => job(service()))
      .then((value) => {
        if (mine === era) then?.(value);
      })
      .catch((error: unknown) => {
        if (mine !== era || error instanceof ComputeStopped) return;
        setup.busy(null);
        fail(error);
      });
  }

  function showSetup(): void {
    run = null;
    setup.root.hidden = false;
    runs.root.hidden = true;
    loss.root.hidden = true;
    if (data !== null) showData(data);
  }

  function showData(next: DataSummary): void {
    data = next;
    setup.data(next);
    samples.open({ numClasses: 0, classNames: [] }, []);
    samples.preview(next.preview, dataSentence(next));
  }

  function setState(next: RunState): void {
    state = next;
    runs.state(next);
  }

  function showRun(next: RunSummary): void {
    run = next;
    kept = null;
    keptBox.hidden = true;
    setup.busy(null);
    setup.tell('', true);
    setup.root.hidden = true;
    runs.root.hidden = false;
    loss.root.hidden = false;
    const { step, steps, data: of, points, grids, notes } = next;
    runs.open(next);
    runs.numbers({ step, steps, imagesPerSecond: null, secondsLeft: null });
    setState(step >= steps ? 'finished' : 'paused');
    samples.describe(sentenceOn(runs.shown));
    samples.open({ numClasses: of.numClasses, classNames: of.classNames }, grids);
    loss.open(points);
    if (notes.length > 0) page.say(notes.join(' '));
  }

  function start(): void {
    setState('running');
    ask((train) => train.start());
  }

  function begin(choices: TrainChoices): void {
    setup.busy('The network is made.');
    ask(
      (train) => train.begin(choices),
      (next) => {
        showRun(next);
        start();
        runs.focus();
      },
    );
  }

  function resume(): void {
    ask(
      (train) => train.resume(),
      (next) => {
        showRun(next);
        if (state !== 'finished') start();
        runs.focus();
      },
    );
  }

  function forget(): void {
    if (!confirm('Forget the training that is kept on this device? It cannot be had back.')) return;
    ask(
      (train) => train.forget(),
      () => {
        kept = null;
        keptBox.hidden = true;
        page.say('It is forgotten.');
      },
    );
  }

  function toggle(): void {
    if (run === null) return;
    if (state === 'running') {
      setState('pausing');
      ask((train) => train.pause());
    } else if (state === 'finished') {
      const { shown } = runs;
      const steps = run.steps + MORE_STEPS;
      ask(
        (train) => train.setSteps(steps),
        (next) => {
          showRun({ ...next, notes: [] });
          showOther(shown);
          start();
        },
      );
    } else start();
  }

  function showOther(shown: Shown): void {
    samples.describe(sentenceOn(shown));
    ask((train) => train.show(shown));
  }

  function download(): void {
    ask(
      (train) => train.archive(),
      (archive) => {
        if (archive === null) page.say('There is no training yet.');
        else saveFile(archive.name, archive.bytes);
      },
    );
  }

  function leave(): void {
    if (run !== null && run.step > 0) {
      const question =
        'Begin another training? This one stays on this device until the new one is kept; download it if you want to have both.';
      if (!confirm(question)) return;
    }
    ask(
      async (train) => {
        await train.pause();
        await train.save();
      },
      () => {
        showSetup();
        if (data === null) useDigits();
      },
    );
  }

  function useDigits(): void {
    files = null;
    ask((train) => train.useDigits(), showData);
  }

  function reform(form: ImageForm): void {
    if (data === null || data.name === 'digits') return;
    setup.busy('The images are read.');
    ask(
      (train) => train.reform(form),
      (next) => {
        setup.busy(null);
        showData(next);
      },
    );
  }

  function drop(given: readonly DroppedFile[]): void {
    if (given.length === 0) return;
    if (run !== null) {
      page.say('Press “New training” first, then drop the files.');
      return;
    }
    files = given;
    setup.tell('', true);
    setup.busy('The files are read.');
    const mine = era;
    page.ready
      .then((): Promise<Dropped> => service().drop([...given], setup.form) as Promise<Dropped>)
      .then((dropped) => {
        if (mine !== era) return;
        setup.busy(null);
        if (dropped.kind === 'run') showRun(dropped.run);
        else if (dropped.kind === 'data') showData(dropped.data);
        else setup.tell(dropped.sentence, false);
      })
      .catch((error: unknown) => {
        if (mine !== era || error instanceof ComputeStopped) return;
        setup.busy(null);
        setup.tell(messageOf(error), true);
      });
  }

  function onEvent(event: TrainEvent): void {
    switch (event.kind) {
      case 'steps': {
        if (run === null) return;
        run = { ...run, step: event.step };
        runs.numbers({ ...event, steps: run.steps });
        loss.add(event.points);
        return;
      }
      case 'samples':
        if (run !== null) samples.add(event.grid);
        return;
      case 'saved': {
        const size = (event.bytes / 1e6).toFixed(1);
        runs.kept(`Kept on this device at step ${grouped(event.step)} (${size} MB).`, false);
        return;
      }
      case 'unsaved':
        runs.kept(event.sentence, true);
        return;
      case 'progress':
        setup.busy(event.sentence);
        return;
      case 'note':
        page.say(event.sentence);
        return;
      case 'ended':
        ended(event);
    }
  }

  function ended({ step, isFinished, failure }: Extract<TrainEvent, { kind: 'ended' }>): void {
    if (run === null) return;
    run = { ...run, step };
    if (failure !== null) {
      setState('failed');
      fail(new Error(failure));
      return;
    }
    setState(isFinished ? 'finished' : 'paused');
    page.say(
      isFinished
        ? `The training is finished after ${grouped(step)} steps.`
        : `Paused after step ${grouped(step)}.`,
    );
  }

  function opened({ kept: found, problems: sentences }: Opening): void {
    kept = found;
    problems.replaceChildren(...sentences.map((sentence) => element('p', 'load-problem', sentence)));
    keptBox.hidden = kept === null || run !== null;
    if (kept === null) return;
    const method = kept.objective === 'meanflow' ? 'MeanFlow' : 'Flow matching';
    keptText.textContent = `A training is kept on this device: ${method} on ${kept.dataName}, at step ${grouped(kept.step)} of ${grouped(kept.steps)}.`;
  }

  /** Opens the service of a worker: events come from it alone. */
  async function openService(): Promise<Opening> {
    const mine = era;
    await page.ready;
    return service().open(
      proxy((event: TrainEvent) => {
        if (mine === era) onEvent(event);
      }),
    );
  }

  function open(): void {
    isOpened = true;
    setup.busy('A backend starts.');
    ask(openService, (opening) => {
      setup.busy(null);
      opened(opening);
      if (data === null) useDigits();
    });
  }

  /** A new worker knows nothing: the training goes on from where it was kept. */
  function reopen(): void {
    if (!isOpened) return;
    era += 1;
    const [was, wasRunning] = [run, state === 'running' || state === 'failed'];
    ask(openService, (opening) => {
      opened(was === null ? opening : { ...opening, kept: null });
      if (was === null) {
        if (files !== null) drop(files);
        return;
      }
      if (opening.kept === null) {
        showSetup();
        useDigits();
        page.say('The training is lost, since it was not kept on this device.', 'error');
        return;
      }
      ask(
        (train) => train.resume(),
        (next) => {
          showRun(next);
          if (wasRunning && state !== 'finished') start();
        },
      );
    });
  }

  page.onRestart(reopen);
  const keep = () => {
    if (run !== null && isOpened)
      service()
        .save()
        .catch(() => undefined);
  };
  window.addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keep();
  });
  for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) {
    panel.addEventListener(type, (event) => {
      event.preventDefault();
      root.classList.toggle('is-over', type === 'dragenter' || type === 'dragover');
      if (type !== 'drop' || event.dataTransfer === null) return;
      filesOfDrop(event.dataTransfer).then(drop, fail);
    });
  }

  return (next) => {
    isVisible = next;
    if (!isVisible) return;
    if (!isOpened) open();
    loss.renew();
  };
}
