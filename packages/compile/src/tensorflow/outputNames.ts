// Names of the results of TensorFlow's operations: inside of a function a value is called `node:name:index`, where the
// index counts within a result that is a list. From TensorFlow's operation registry.

const names: Readonly<Record<string, string>> = {
  z: 'Add AddV2 Atan2 Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mul NotEqual Pow RealDiv SquaredDifference Sub',
  y: 'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Cos Cosh Erf Exp Expm1 Floor IsFinite IsInf IsNan Log Log1p LogicalNot Neg OnesLike Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square Tan Tanh Transpose ZerosLike',
  output:
    'All Any ArgMax ArgMin BatchMatMulV2 BatchToSpaceND BiasAdd BroadcastTo ConcatV2 Const Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Einsum ExpandDims Fill GatherNd GatherV2 Identity Imag LinSpace Max MaxPool AvgPool MaxPoolGrad AvgPoolGrad Mean Min MirrorPad OneHot Pack Pad PadV2 Prod Range Real Reshape ReverseV2 ScatterNd Select SelectV2 Slice SpaceToBatchND Split SplitV Squeeze StridedSlice Sum TensorScatterUpdate Tile Unpack UnsortedSegmentSum',
  activations: 'Elu LeakyRelu Relu Relu6 Selu Softplus',
  backprops: 'EluGrad',
  product: 'MatMul',
  sum: 'AddN',
  softmax: 'Softmax',
  logsoftmax: 'LogSoftmax',
};

const irregular: Readonly<Record<string, string>> = {
  Complex: 'out',
  Cumsum: 'out',
  Cumprod: 'out',
  ResizeBilinear: 'resized_images',
  ResizeNearestNeighbor: 'resized_images',
};

const byOp = new Map(
  Object.entries(names).flatMap(([result, ops]) => ops.split(' ').map((op) => [op, result] as const)),
);

/** Operations with one result that is a list. */
const lists: ReadonlySet<string> = new Set(['Split', 'SplitV', 'Unpack']);

/** Operations with several results. */
const several: Readonly<Record<string, readonly string[]>> = {
  TopKV2: ['values', 'indices'],
  FusedBatchNorm: ['y', 'batch_mean', 'batch_variance', 'reserve_space_1', 'reserve_space_2'],
  FusedBatchNormV3: [
    ...['y', 'batch_mean', 'batch_variance'],
    ...['reserve_space_1', 'reserve_space_2', 'reserve_space_3'],
  ],
};

/**
 * The name of a result inside of a function, e.g. `product:0`.
 *
 * @throws Error if the operation is not in the table.
 */
export function outputName(op: string, output: number): string {
  const result = several[op]?.[output] ?? irregular[op] ?? byOp.get(op);
  if (result === undefined)
    throw new Error(
      `compile: the operation ${op} cannot be compiled with XLA here. Use xla: false for this function.`,
    );
  return lists.has(op) ? `${result}:${output}` : `${result}:0`;
}
