/** A convolution of the network, with its batch normalisation. */
export interface InceptionConvolution {
  /** Name in the weights file, e.g. `Mixed_5b.branch1x1`. */
  readonly name: string;
  /** [out, in, height, width], as torch keeps kernels. */
  readonly shape: readonly [number, number, number, number];
}

/** Logits of the 2015 network: the classes of its training, with 8 that are unused. */
export const INCEPTION_CLASSES = 1008;
/** Features of its last pool. */
export const INCEPTION_FEATURES = 2048;

type Spec = readonly [name: string, from: number, to: number, height: number, width: number];

const stem: readonly Spec[] = [
  ['Conv2d_1a_3x3', 3, 32, 3, 3],
  ['Conv2d_2a_3x3', 32, 32, 3, 3],
  ['Conv2d_2b_3x3', 32, 64, 3, 3],
  ['Conv2d_3b_1x1', 64, 80, 1, 1],
  ['Conv2d_4a_3x3', 80, 192, 3, 3],
];

const blockA = (block: string, from: number, pool: number): Spec[] => [
  [`${block}.branch1x1`, from, 64, 1, 1],
  [`${block}.branch5x5_1`, from, 48, 1, 1],
  [`${block}.branch5x5_2`, 48, 64, 5, 5],
  [`${block}.branch3x3dbl_1`, from, 64, 1, 1],
  [`${block}.branch3x3dbl_2`, 64, 96, 3, 3],
  [`${block}.branch3x3dbl_3`, 96, 96, 3, 3],
  [`${block}.branch_pool`, from, pool, 1, 1],
];

const blockB = (block: string, from: number): Spec[] => [
  [`${block}.branch3x3`, from, 384, 3, 3],
  [`${block}.branch3x3dbl_1`, from, 64, 1, 1],
  [`${block}.branch3x3dbl_2`, 64, 96, 3, 3],
  [`${block}.branch3x3dbl_3`, 96, 96, 3, 3],
];

const blockC = (block: string, width: number): Spec[] => [
  [`${block}.branch1x1`, 768, 192, 1, 1],
  [`${block}.branch7x7_1`, 768, width, 1, 1],
  [`${block}.branch7x7_2`, width, width, 1, 7],
  [`${block}.branch7x7_3`, width, 192, 7, 1],
  [`${block}.branch7x7dbl_1`, 768, width, 1, 1],
  [`${block}.branch7x7dbl_2`, width, width, 7, 1],
  [`${block}.branch7x7dbl_3`, width, width, 1, 7],
  [`${block}.branch7x7dbl_4`, width, width, 7, 1],
  [`${block}.branch7x7dbl_5`, width, 192, 1, 7],
  [`${block}.branch_pool`, 768, 192, 1, 1],
];

const blockD = (block: string): Spec[] => [
  [`${block}.branch3x3_1`, 768, 192, 1, 1],
  [`${block}.branch3x3_2`, 192, 320, 3, 3],
  [`${block}.branch7x7x3_1`, 768, 192, 1, 1],
  [`${block}.branch7x7x3_2`, 192, 192, 1, 7],
  [`${block}.branch7x7x3_3`, 192, 192, 7, 1],
  [`${block}.branch7x7x3_4`, 192, 192, 3, 3],
];

const blockE = (block: string, from: number): Spec[] => [
  [`${block}.branch1x1`, from, 320, 1, 1],
  [`${block}.branch3x3_1`, from, 384, 1, 1],
  [`${block}.branch3x3_2a`, 384, 384, 1, 3],
  [`${block}.branch3x3_2b`, 384, 384, 3, 1],
  [`${block}.branch3x3dbl_1`, from, 448, 1, 1],
  [`${block}.branch3x3dbl_2`, 448, 384, 3, 3],
  [`${block}.branch3x3dbl_3a`, 384, 384, 1, 3],
  [`${block}.branch3x3dbl_3b`, 384, 384, 3, 1],
  [`${block}.branch_pool`, from, 192, 1, 1],
];

/** All convolutions, in their order. */
export const inceptionConvolutions: readonly InceptionConvolution[] = [
  ...stem,
  ...blockA('Mixed_5b', 192, 32),
  ...blockA('Mixed_5c', 256, 64),
  ...blockA('Mixed_5d', 288, 64),
  ...blockB('Mixed_6a', 288),
  ...blockC('Mixed_6b', 128),
  ...blockC('Mixed_6c', 160),
  ...blockC('Mixed_6d', 160),
  ...blockC('Mixed_6e', 192),
  ...blockD('Mixed_7a'),
  ...blockE('Mixed_7b', 1280),
  ...blockE('Mixed_7c', 2048),
].map(([name, from, to, height, width]) => ({ name, shape: [to, from, height, width] }));

/** Parts of a convolution in the weights file; all but the kernel have one value a channel. */
const convolutionParts = [
  'conv.weight',
  'bn.weight',
  'bn.bias',
  'bn.running_mean',
  'bn.running_var',
] as const;

/** Name and shape of every tensor that the weights file must hold. */
export function inceptionLayout(): { name: string; shape: readonly number[] }[] {
  return [
    ...inceptionConvolutions.flatMap(({ name, shape }) =>
      convolutionParts.map((part) => ({
        name: `${name}.${part}`,
        shape: part === 'conv.weight' ? shape : [shape[0]],
      })),
    ),
    { name: 'fc.weight', shape: [INCEPTION_CLASSES, INCEPTION_FEATURES] },
    { name: 'fc.bias', shape: [INCEPTION_CLASSES] },
  ];
}
