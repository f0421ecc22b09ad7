import type { GraphMessage } from './messages';
import { encodeSavedModel } from './messages';
import type { Binding, TensorMetadata } from './nodeBackend';

/** A tensor of the binding and the placeholder that it is given to. */
interface Feed {
  readonly name: string;
  readonly id: number;
}

/** A graph in TensorFlow's own session, with the values of its variables. */
export interface Session {
  /**
   * Runs what the named nodes need, once.
   *
   * @returns The values of those nodes, which the caller owns.
   */
  run(feeds: readonly Feed[], fetches: readonly string[]): TensorMetadata[];
  close(): void;
}

/** Module of Node.js, found without an import that a bundler for browsers would follow. */
const fs = () => process.getBuiltinModule('node:fs');
const path = () => process.getBuiltinModule('node:path');
const os = () => process.getBuiltinModule('node:os');

/**
 * Loads a graph. The binding takes it from a folder, which is gone again when this returns.
 *
 * @throws Error if TensorFlow refuses the graph or the folder for temporary files cannot be written to.
 */
export function openSession(binding: Binding, graph: GraphMessage): Session {
  const folder = fs().mkdtempSync(path().join(os().tmpdir(), 'meanflow-'));
  let id: number;
  try {
    fs().writeFileSync(path().join(folder, 'saved_model.pb'), encodeSavedModel(graph));
    id = binding.loadSavedModel(folder, 'serve');
  } finally {
    fs().rmSync(folder, { recursive: true, force: true });
  }
  return {
    run: (feeds, fetches) =>
      binding.runSavedModel(
        id,
        feeds.map((feed) => feed.id),
        feeds.map(({ name }) => `${name}:0`).join(),
        fetches.map((name) => `${name}:0`).join(),
      ),
    close: () => {
      binding.deleteSavedModel(id);
    },
  };
}
