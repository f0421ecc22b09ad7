import { element } from '../ui/elements';
import { formula, paragraph } from './prose';

/** What stands beside the pictures. Everything in it is true of what they show. */
export const lessons = {
  lead: () => [
    element('h1', { text: 'Why one call is enough' }),
    paragraph(
      'Both networks learn, here and now, to turn noise into the same data, from the same examples at every step. ' +
        'One of them then needs a single call. Watch where the dots land.',
      'lead',
    ),
  ],
  meanFlow: () => [
    paragraph(
      'It learns the *average* velocity *u*(*z*, *r*, *t*) of a whole stretch of the way. Distance is average velocity times ' +
        'duration, so all the way from noise *e* to a sample is one subtraction: a straight arrow.',
    ),
    formula('*x* = *e* − *u*(*e*, 0, 1)'),
  ],
  flowMatching: () => [
    paragraph(
      'It learns the velocity *v*(*z*, *t*) of a single moment. Paths bend, so it has to ask anew after each small step. ' +
        'If it takes the first answer for the whole way (the crosses), everything falls together: at *t* = 1 there is only ' +
        'noise, and the best guess from noise is the mean of all data.',
    ),
    formula('*z* − Δ*t* · *v*(*z*, *t*), many times'),
  ],
  path: () => [
    element('h2', { text: 'From data to noise, and back' }),
    paragraph('Mix a data point *x* with noise *e*: all of *x* at *t* = 0, all of *e* at *t* = 1.'),
    formula('*z* = (1 − *t*) *x* + *t* *e*'),
    paragraph(
      'Along this line the velocity is *v* = *e* − *x*. But lines of many pairs cross at each *z*; what can be learned ' +
        'is the mean over them. Following that mean leads back from noise to data, on paths that bend.',
    ),
    paragraph(
      'Point at a dot above, or use the arrow keys, to follow the same noise through both pictures: the straight arrow ' +
        'on the left is the chord of the bent path on the right.',
      'fine',
    ),
  ],
  identity: () => [
    element('h2', { text: 'How an average is learned without a path' }),
    paragraph(
      'By definition, (*t* − *r*) *u* is the distance travelled between *r* and *t*. Nobody has to travel it: take the ' +
        'derivative of both sides with respect to *t*, and what is left asks only about the place *z* itself.',
    ),
    formula('*u* = *v* − (*t* − *r*) d*u*/d*t*'),
    paragraph(
      'd*u*/d*t* is how the network’s own answer changes along the path, *v* ∂*u*/∂*z* + ∂*u*/∂*t*. Forward-mode ' +
        'differentiation gives it in the same pass as *u*. The right side, held fixed, is what *u* is trained towards.',
    ),
  ],
  field: () => [
    element('h2', { text: 'The velocity that was learned' }),
    paragraph(
      'MeanFlow’s *u*(*z*, *r*, *t*) all over the plane. The arrows show −*u*, the way a sample goes: from noise to data. ' +
        'Move *r* away from *t* and watch the moment become an average.',
    ),
  ],
  distance: () =>
    paragraph(
      'Energy distance between samples and data: zero where both are spread alike. Two draws of the data differ by some thousandths.',
      'fine',
    ),
  loss: () =>
    paragraph(
      'Mean squared errors, without weights. They do not go to zero: *e* − *x* of a single pair scatters around what can ' +
        'be learned. The dashed line is the loss that the exact velocity has; with *r* = *t* no network gets below it for long.',
      'fine',
    ),
  residual: () =>
    paragraph(
      'Mean of |*u* − (*v* − (*t* − *r*) d*u*/d*t*)| on 384 fixed places, with the exact *v*, which these points allow to ' +
        'compute. It falls as *u* becomes the average. A velocity of single moments, put in the place of *u*, cannot fulfil it.',
      'fine',
    ),
} as const;
