import { button, element, uniqueId } from '../ui/elements';
import type { Ink } from './inkPoints';
import { inkOf } from './textInk';

/** A square to draw a distribution on, by mouse, finger, pen or keyboard. */
export interface DrawPad {
  readonly root: HTMLElement;
  /** What is drawn; null if nothing is. */
  readonly ink: Ink | null;
}

const side = 240;
const penWidth = 12;
/** How far an arrow key moves the pen. */
const stride = 8;

/**
 * Makes the pad.
 *
 * @param onDrawn Called after each stroke, and when everything is wiped off.
 */
export function drawPad(onDrawn: () => void): DrawPad {
  const helpId = uniqueId('pad-help');
  const canvas = element('canvas', {
    class: 'draw-pad',
    attributes: {
      role: 'application',
      'aria-label': 'Drawing area, empty',
      'aria-describedby': helpId,
      tabindex: '0',
    },
  });
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser does not let the page draw.');
  const cursor = element('span', { class: 'ink-cursor', attributes: { 'aria-hidden': 'true' } });
  let strokes = 0;
  let last: readonly [number, number] | null = null;
  const pen = { x: side / 2, y: side / 2, isDown: false };

  const place = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width } = canvas.getBoundingClientRect();
    const scale = side / width;
    return [(event.clientX - left) * scale, (event.clientY - top) * scale];
  };
  function stroke(to: readonly [number, number]): void {
    if (context === null) return;
    context.lineWidth = penWidth;
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = getComputedStyle(canvas).color;
    context.beginPath();
    context.moveTo(...(last ?? to));
    context.lineTo(...to); // of no length: a dot
    context.stroke();
    last = to;
  }
  function end(): void {
    if (last === null) return;
    last = null;
    strokes += 1;
    canvas.setAttribute('aria-label', `Drawing area, ${strokes} ${strokes === 1 ? 'stroke' : 'strokes'}`);
    onDrawn();
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke(place(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (last === null) return;
    const moves = event.getCoalescedEvents();
    for (const move of moves.length > 0 ? moves : [event]) stroke(place(move));
  });
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);

  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-stride, 0],
    ArrowRight: [stride, 0],
    ArrowUp: [0, -stride],
    ArrowDown: [0, stride],
  };
  function showCursor(): void {
    cursor.style.left = `${(100 * pen.x) / side}%`;
    cursor.style.top = `${(100 * pen.y) / side}%`;
    cursor.classList.toggle('is-down', pen.isDown);
  }
  function lift(): void {
    if (!pen.isDown) return;
    pen.isDown = false;
    end();
  }
  canvas.addEventListener('keydown', (event) => {
    const move = moves[event.key];
    if (move !== undefined) {
      pen.x = Math.min(Math.max(pen.x + move[0], 0), side);
      pen.y = Math.min(Math.max(pen.y + move[1], 0), side);
      if (pen.isDown) stroke([pen.x, pen.y]);
    } else if (event.key === ' ' || event.key === 'Enter') {
      if (pen.isDown) lift();
      else {
        pen.isDown = true;
        stroke([pen.x, pen.y]);
      }
    } else return;
    event.preventDefault();
    showCursor();
  });
  canvas.addEventListener('blur', () => {
    lift();
    showCursor();
  });
  showCursor();

  const clear = button(
    'quiet-button',
    () => {
      context.clearRect(0, 0, side, side);
      strokes = 0;
      canvas.setAttribute('aria-label', 'Drawing area, empty');
      onDrawn();
    },
    'Wipe off',
  );
  return {
    root: element(
      'div',
      'ink-pad',
      element('div', 'ink-square', canvas, cursor),
      element(
        'div',
        'ink-side',
        element(
          'p',
          {},
          'Draw with mouse, finger or pen. Each stroke becomes data at once, where you put it, and both networks go on from what they know.',
        ),
        element(
          'p',
          { class: 'fine', attributes: { id: helpId } },
          'Keyboard: arrow keys move the pen, Space sets it down and lifts it.',
        ),
        clear,
      ),
    ),
    get ink() {
      return strokes === 0 ? null : inkOf(context);
    },
  };
}
