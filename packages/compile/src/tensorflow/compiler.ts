import * as tf from '@tensorflow/tfjs-core';
import { mapLeaves, tensorsIn } from '../containers';
import type { CompiledFunction, Compiler, CompileOptions, CompilerProgram } from '../program';
import { traced } from '../recording/traces';
import { assertSameRecording } from './compare';
import { endpoints, graphOf } from './graph';
import type { GraphFunction } from './graph';
import { nodeBackend } from './nodeBackend';
import type { NodeBackend } from './nodeBackend';
import { record } from './recorder';
import type { Recording } from './recording';
import { variablesOf } from './recording';
import { bringBack, livesWith, prepareToAssign, settle } from './resident';
import type { Home } from './resident';
import { openSession } from './session';
import type { Session } from './session';
import { preferWideVectors } from './xlaFlags';

class TensorflowProgram implements CompilerProgram, Home {
  private readonly backend: NodeBackend = nodeBackend();
  private readonly functions: GraphFunction[] = [];
  private variables: tf.Variable[] = [];
  private session: Session | null = null;

  constructor() {
    preferWideVectors(this.backend.binding.TF_Version);
  }

  compile<A extends readonly unknown[], R>(
    f: (...args: A) => R,
    options: Required<CompileOptions>,
  ): CompiledFunction<A, R> {
    const recordOnce = (args: A) => record(options.name, this.backend, f, args);
    return traced<A, R, GraphFunction>(options.name, {
      record: (args) => this.add(recordOnce(args), options),
      confirm: ({ recording }, args) => {
        assertSameRecording(options.name, recording, recordOnce(args));
      },
      variables: ({ recording }) => variablesOf(recording),
      replay: (compiled, args) => this.replay(compiled, args) as R,
    });
  }

  /** Makes a recording part of the graph, which is built anew when it is next needed. */
  private add(recording: Recording, { name, xla, bfloat16 }: Required<CompileOptions>): GraphFunction {
    this.close();
    const compiled = { id: `f${this.functions.length}`, name, recording, xla, bfloat16 };
    this.functions.push(compiled);
    return compiled;
  }

  private open(): Session {
    if (this.session !== null) return this.session;
    const variables = new Set(this.functions.flatMap(({ recording }) => [...variablesOf(recording)]));
    this.variables = [...variables].filter(({ isDisposed }) => !isDisposed);
    const usable = this.functions.filter(({ recording }) =>
      [...variablesOf(recording)].every(({ isDisposed }) => !isDisposed),
    );
    const { binding } = this.backend;
    this.session = openSession(binding, graphOf(usable, this.variables, binding));
    return this.session;
  }

  /** Ends the session; the variables get their values back first. */
  private close(): void {
    if (this.session === null) return;
    for (const variable of this.variables) {
      if (livesWith(this.backend, this, variable)) bringBack(this.backend, variable);
    }
    this.session.close();
    this.session = null;
  }

  dispose(): void {
    this.close();
    this.functions.length = 0;
  }

  values(): Map<tf.Variable, number> {
    if (this.session === null) throw new Error('internal: values of a program without a session.');
    const living = this.variables.filter((variable) => livesWith(this.backend, this, variable));
    const values = this.session.run(
      [],
      living.map((variable) => endpoints.variable(this.variables.indexOf(variable))),
    );
    return new Map(living.map((variable, i) => [variable, values[i]?.id ?? -1]));
  }

  private replay({ id, recording }: GraphFunction, args: readonly unknown[]): unknown {
    const session = this.open();
    this.moveIn(session, recording);
    for (const variable of recording.assigned.keys()) prepareToAssign(this.backend, this, variable);
    const tensors = tensorsIn(args).flatMap(({ tensor }) => (tensor instanceof tf.Variable ? [] : [tensor]));
    const ids = this.backend.getInputTensorIds(tensors);
    const feeds = ids.map((tensor, i) => ({ name: endpoints.argument(id, i), id: tensor }));
    const fetches = recording.results.map((_, i) => endpoints.result(id, i));
    const outputs = session.run(feeds, [...fetches, endpoints.done(id)]);
    const done = outputs.pop();
    if (done !== undefined) this.backend.binding.deleteTensor(done.id);
    const made = new Map(
      recording.results.map(({ path }, i) => {
        const metadata = outputs[i];
        if (metadata === undefined) throw new Error('internal: the session returned too little.');
        return [path, this.backend.createOutputTensor(metadata)] as const;
      }),
    );
    return mapLeaves(recording.skeleton, (path, value) => made.get(path) ?? value);
  }

  /** Gives the session the values of those variables that were assigned elsewhere since. */
  private moveIn(session: Session, recording: Recording): void {
    const away = [...variablesOf(recording)].filter((variable) => !livesWith(this.backend, this, variable));
    if (away.length === 0) return;
    const ids = this.backend.getInputTensorIds(away);
    const slots = away.map((variable) => this.variables.indexOf(variable));
    const feeds = slots.map((slot, i) => ({ name: endpoints.newValue(slot), id: ids[i] ?? -1 }));
    const done = session.run(feeds, slots.map(endpoints.set));
    for (const { id } of done) this.backend.binding.deleteTensor(id);
    for (const variable of away) settle(this.backend, this, variable);
  }
}

/**
 * Records functions on the backend of `@tensorflow/tfjs-node` and replays them as TensorFlow graphs in a session, which
 * also holds the variables. Needs Node.js.
 */
export const tensorflowCompiler: Compiler = {
  backend: 'tensorflow',
  createProgram: () => new TensorflowProgram(),
};
