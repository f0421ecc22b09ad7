import protobuf from 'protobufjs';

/** `int64` sizes of a shape. */
export interface ShapeMessage {
  dim: { size: number }[];
}

/** A tensor's value. */
export interface TensorMessage {
  dtype: number;
  tensor_shape: ShapeMessage;
  tensor_content: Uint8Array;
}

/** The value of an attribute; exactly one field is set. */
export interface AttrMessage {
  s?: Uint8Array;
  i?: number;
  f?: number;
  b?: boolean;
  type?: number;
  shape?: ShapeMessage;
  tensor?: TensorMessage;
  func?: { name: string; attr: Record<string, AttrMessage> };
  list?: { i?: number[]; f?: number[]; b?: boolean[]; type?: number[] };
}

/** One operation of a graph. Inputs are `name`, `name:output`, or `^name` for the order alone. */
export interface NodeMessage {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, AttrMessage>;
}

/** An argument or result of a function. */
interface ArgMessage {
  name: string;
  type: number;
}

/** A function of the graph's library. */
export interface FunctionMessage {
  signature: { name: string; input_arg: ArgMessage[]; output_arg: ArgMessage[] };
  node_def: NodeMessage[];
  /** Tensor of each result, e.g. `product:z:0`. */
  ret: Record<string, string>;
  attr: Record<string, AttrMessage>;
}

/** A graph with its functions. */
export interface GraphMessage {
  node: NodeMessage[];
  library: { function: FunctionMessage[] };
}

// The messages of TensorFlow's saved_model.proto that a replay needs, with their published numbers.
const schema = `
syntax = "proto3";
message Dim { int64 size = 1; }
message Shape { repeated Dim dim = 2; }
message Tensor { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; }
message List { repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; repeated int32 type = 6; }
message Func { string name = 1; map<string, Attr> attr = 2; }
message Attr {
  oneof value {
    List list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; Shape shape = 7; Tensor tensor = 8;
    Func func = 10;
  }
}
message Node { string name = 1; string op = 2; repeated string input = 3; map<string, Attr> attr = 5; }
message Arg { string name = 1; int32 type = 3; }
message Signature { string name = 1; repeated Arg input_arg = 2; repeated Arg output_arg = 3; }
message Function { Signature signature = 1; repeated Node node_def = 3; map<string, string> ret = 4; map<string, Attr> attr = 5; }
message Library { repeated Function function = 1; }
message Versions { int32 producer = 1; int32 min_consumer = 2; }
message Graph { repeated Node node = 1; Library library = 2; Versions versions = 4; }
message MetaInfo { repeated string tags = 4; }
message MetaGraph { MetaInfo meta_info_def = 1; Graph graph_def = 2; }
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraph meta_graphs = 2; }
`;

const { root } = protobuf.parse(schema, { keepCase: true });

/** Version of the graph format that the nodes are written in, of TensorFlow 2.9; newer ones read it. */
const PRODUCER = 1087;

/** A graph as the file `saved_model.pb`, with the tag `serve`. */
export function encodeSavedModel(graph: GraphMessage): Uint8Array {
  const type = root.lookupType('SavedModel');
  const message = {
    saved_model_schema_version: 1,
    meta_graphs: [
      { meta_info_def: { tags: ['serve'] }, graph_def: { ...graph, versions: { producer: PRODUCER } } },
    ],
  };
  return type.encode(type.fromObject(message)).finish();
}
