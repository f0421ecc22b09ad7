import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { applyChanges, recordChanges } from './changes';
import type { Replacement } from './changes';
import type { Run } from './command';
import { collectSources, compileBinding, compiledBefore, findCompiler } from './compile';
import type { CompiledBinding } from './compile';
import { configure } from './configuration';
import type { NativeOptions } from './configuration';
import { removeFolder, sha256, writeWhole } from './files';
import { finishedEnvironment, installWheel } from './installWheel';
import { libraryNames } from './libraries';
import { withLock } from './lock';
import type { Machine } from './machine';
import { readManifest, writeManifest } from './manifest';
import type { Configuration, Manifest, ManifestResult } from './manifest';
import { explainNoGpu } from './noGpu';
import { findNodeHeaders } from './nodeHeaders';
import { bringPackage, findBindingPackage, packageNames, placeForPackage } from './nodePackage';
import type { NodePackage } from './nodePackage';
import { endOrphan } from './orphan';
import { filesToPatch } from './patchUtil';
import { makeStateFolder, openProject } from './project';
import type { Project } from './project';
import { findPython } from './python';
import { runSelfTest } from './runSelfTest';
import type { SelfTestReport } from './selfTest';
import { inspectTensorflow, locateTensorflow } from './tensorflow';
import type { Tensorflow } from './tensorflow';
import { secondsSince, stepLine } from './terminal';
import type { Terminal } from './terminal';
import { programVersion } from './version';
import { planWheel } from './wheel';
import type { WheelPlan } from './wheel';

/** What the steps share. */
interface Work {
  readonly options: NativeOptions;
  readonly project: Project;
  readonly machine: Machine;
  readonly configuration: Configuration;
  readonly terminal: Terminal;
  /** This program, which runs its own self-test. */
  readonly script: string;
  readonly run: Run;
  readonly freeBytes: (folder: string) => number;
  manifest: Manifest;
}

/** Where this program runs. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly cwd: string;
  readonly script: string;
  readonly machine: Machine;
  readonly run: Run;
  /** Bytes that are free on a folder's disk. */
  readonly freeBytes: (folder: string) => number;
}

/**
 * Brings a current TensorFlow under the binding of a project. Each step looks first whether its result is there, so a second
 * call does nothing but the self-test, and one after an abort goes on with the step that was not finished.
 *
 * @throws UserError with what is missing and what brings it.
 */
export async function bringNative(options: NativeOptions, surroundings: Surroundings): Promise<void> {
  const { terminal, cwd, script, machine, run, freeBytes } = surroundings;
  const project = openProject(options.project, cwd);
  const before = readManifest(project.state);
  const configuration = configure(options, before, cwd);
  const { gpu, tensorflow: version } = configuration;
  const plan = version === null ? null : planWheel(machine, version, gpu);
  makeStateFolder(project);
  await withLock(join(project.state, 'lock'), async () => {
    endOrphan(project.log, project.state);
    removeLeftovers(project);
    writeWhole(project.log, '');
    const manifest = before ?? {
      format: 1,
      state: 'incomplete',
      tool: programVersion(),
      configuration: null,
      added: [],
      changes: [],
      result: null,
    };
    const work: Work = {
      options,
      project,
      machine,
      configuration,
      terminal,
      script,
      run,
      manifest,
      freeBytes,
    };
    terminal.out(`TensorFlow under the binding of ${project.folder}`);
    const bindingPackage = await ensurePackage(work);
    const { tensorflow, python } = await ensureTensorflow(work, plan);
    const binding = await ensureBinding(work, bindingPackage, tensorflow, python.executable);
    installBinding(work, bindingPackage, binding);
    const report = await test(work, bindingPackage);
    finish(work, { bindingPackage, tensorflow, python, binding, report });
    removeOthers(project, plan);
  });
}

const step = ({ terminal }: Work, name: string, text: string) => {
  terminal.out(stepLine(name, text));
};

const inProject = ({ project }: Work, path: string) => {
  const inside = relative(project.folder, path);
  return inside.startsWith('..') ? path : inside;
};

/** Writes down what is about to be done. */
function note(work: Work, changes: Partial<Manifest>): void {
  work.manifest = { ...work.manifest, ...changes };
  writeManifest(work.project.state, work.manifest);
}

async function ensurePackage(work: Work): Promise<NodePackage> {
  const { project, configuration, run } = work;
  const present = findBindingPackage(project.folder, configuration.gpu);
  if (present !== null) {
    step(work, 'package', `${present.name} ${present.version} is there`);
    return present;
  }
  const start = performance.now();
  const name = packageNames[configuration.gpu ? 1 : 0];
  const place = placeForPackage(project.folder, name);
  const added = relative(project.folder, place).replaceAll('\\', '/');
  note(work, { state: 'incomplete', added: [...new Set([...work.manifest.added, added])] });
  const scratch = ownFolder(project, 'package');
  await bringPackage(project.folder, name, place, { scratch, log: project.log, run });
  const brought = findBindingPackage(project.folder, configuration.gpu);
  if (brought === null) throw new Error(`internal: ${name} is not where it was put.`);
  step(
    work,
    'package',
    `${name} ${brought.version} installed, the lock file untouched (${secondsSince(start)})`,
  );
  return brought;
}

interface FoundTensorflow {
  readonly tensorflow: Tensorflow;
  readonly python: { readonly executable: string; readonly version: string };
}

async function ensureTensorflow(work: Work, plan: WheelPlan | null): Promise<FoundTensorflow> {
  const { configuration, machine, run } = work;
  const named = configuration.python ?? undefined;
  if (plan !== null) return ensureWheel(work, plan);
  const python = await findPython(named, null, run);
  const tensorflow = inspectTensorflow(await locateTensorflow(python, run), machine);
  step(work, 'tensorflow', `${tensorflow.version} of ${python.executable} (${tensorflow.folder})`);
  return { tensorflow, python };
}

/** What was installed before; null if it was not, or is damaged. */
function finishedWheel(folder: string, plan: WheelPlan, machine: Machine): FoundTensorflow | null {
  const finished = finishedEnvironment(folder, plan);
  if (finished === null) return null;
  try {
    return { tensorflow: inspectTensorflow(finished.tensorflow, machine), python: finished.python };
  } catch {
    return null;
  }
}

async function ensureWheel(work: Work, plan: WheelPlan): Promise<FoundTensorflow> {
  const { configuration, machine, options, project, terminal, run, freeBytes } = work;
  const folder = join(project.state, plan.folder);
  const find = () => findPython(configuration.python ?? undefined, configuration.tensorflow, run);
  const named = options.python === undefined ? null : await find();
  const finished = finishedWheel(folder, plan, machine);
  if (finished !== null && (named === null || named.executable === finished.python.executable)) {
    step(work, 'tensorflow', `${finished.tensorflow.version} is there, in ${inProject(work, folder)}`);
    return finished;
  }
  const start = performance.now();
  const python = named ?? (await find());
  await findCompiler(machine.platform, run); // what is missing should be known before the download
  step(work, 'python', `${python.version}, ${python.executable}`);
  step(
    work,
    'tensorflow',
    `pip installs ${plan.requirement}${plan.extra === null ? '' : ' and the libraries of CUDA'} ...`,
  );
  note(work, { state: 'incomplete' });
  const show = options.verbose === true ? 'all' : terminal.interactive ? 'output' : 'nothing';
  const scratch = ownFolder(project, 'pip');
  const found = await installWheel({
    plan,
    python,
    machine,
    folder,
    scratch,
    log: project.log,
    show,
    run,
    freeBytes,
  });
  const tensorflow = inspectTensorflow(found, machine);
  step(
    work,
    'tensorflow',
    `${tensorflow.version} installed into ${inProject(work, folder)} (${secondsSince(start)})`,
  );
  return { tensorflow, python };
}

async function ensureBinding(
  work: Work,
  { folder: packageFolder, bindingFolder, napi }: NodePackage,
  tensorflow: Tensorflow,
  python: string,
): Promise<CompiledBinding> {
  const { options, project, machine, run } = work;
  const { platform, arch } = machine;
  const buildFolder = ownFolder(project, 'build');
  const folder = join(project.state, 'binding');
  const sources = collectSources(
    packageFolder,
    tensorflow.version,
    {
      platform,
      tensorflow: tensorflow.folder,
      libraries: libraryNames(platform),
      bindingFolder,
      project: project.folder,
      napi,
    },
    arch,
  );
  const before = compiledBefore(folder, sources.key);
  if (before !== null) {
    step(work, 'binding', `compiled before, with ${before.compiler}`);
    return before;
  }
  const start = performance.now();
  note(work, { state: 'incomplete' });
  const compiled = await compileBinding({
    sources,
    headers: findNodeHeaders(options.nodedir, join(project.state, 'headers')),
    tensorflow: tensorflow.folder,
    buildFolder,
    folder,
    python,
    platform,
    log: project.log,
    verbose: options.verbose === true,
    run,
  });
  step(work, 'binding', `compiled with ${compiled.compiler} (${secondsSince(start)})`);
  return compiled;
}

/** Puts the binding where its package looks for it, and makes the package's JavaScript run on Node.js 23 and later. */
function installBinding(work: Work, { folder, bindingFolder }: NodePackage, binding: CompiledBinding): void {
  const { project, manifest } = work;
  const patches: Replacement[] = filesToPatch(join(folder, 'dist')).map(({ file, text }) => ({
    file,
    content: text,
  }));
  const replacements = [
    ...patches,
    ...binding.files.map((name) => ({
      file: join(bindingFolder, name),
      content: readFileSync(join(binding.folder, name)),
    })),
  ];
  const changes = recordChanges(
    { project: project.folder, state: project.state },
    manifest.changes,
    replacements,
  );
  if (JSON.stringify(changes) !== JSON.stringify(manifest.changes))
    note(work, { state: 'incomplete', changes });
  const count = applyChanges(replacements);
  const mended = patches.length === 0 ? '' : `; ${patches.length} files mended for Node.js 23 and later`;
  const text = count === 0 ? 'is in its place' : `put in its place${mended}`;
  step(work, 'installed', text);
}

async function test(work: Work, { folder }: NodePackage): Promise<SelfTestReport> {
  const { options, project, script, run, machine, configuration } = work;
  const start = performance.now();
  const verbose = options.verbose === true;
  const report = await runSelfTest(script, folder, { verbose, log: project.log, run });
  const { device, gflops, tensorflow, node } = report;
  const speed = `${gflops} GFLOP/s of float32 matrix products`;
  step(
    work,
    'self-test',
    `values and gradients are right on Node.js ${node}: TensorFlow ${tensorflow}, ${device}, ${speed} (${secondsSince(start)})`,
  );
  if (configuration.gpu && device === 'CPU') step(work, '', explainNoGpu(machine));
  return report;
}

/** Writes down that all went well, if that does not stand there yet. */
function finish(
  work: Work,
  parts: FoundTensorflow & { bindingPackage: NodePackage; binding: CompiledBinding; report: SelfTestReport },
): void {
  const { manifest, configuration, machine } = work;
  const { bindingPackage, tensorflow, python, binding, report } = parts;
  const { key, compiler, headers, files, folder } = binding;
  if (
    manifest.state === 'complete' &&
    manifest.result?.binding.key === key &&
    manifest.result.node === process.version &&
    manifest.result.tensorflow.folder === tensorflow.folder &&
    JSON.stringify(configuration) === JSON.stringify(manifest.configuration)
  )
    return;
  const result: ManifestResult = {
    date: new Date().toISOString(),
    machine,
    node: process.version,
    python: { executable: python.executable, version: python.version },
    package: { name: bindingPackage.name, version: bindingPackage.version },
    tensorflow,
    binding: {
      key,
      compiler,
      headers,
      files: Object.fromEntries(files.map((name) => [name, sha256(readFileSync(join(folder, name)))])),
    },
    selfTest: report,
  };
  note(work, { state: 'complete', tool: programVersion(), configuration, result });
}

/** A folder that no other run works in, not even the children of one that was killed. */
const ownFolder = ({ state }: Project, name: string) => join(state, `${name}-${process.pid}`);

/** Removes what runs that were killed have left behind. */
function removeLeftovers({ state }: Project): void {
  for (const name of readdirSync(state)) {
    if (/^(package|build|pip)-\d+$/.test(name)) removeFolder(join(state, name));
  }
}

/** Removes TensorFlows that were installed for a configuration before this one. */
function removeOthers({ state }: Project, plan: WheelPlan | null): void {
  for (const name of existsSync(state) ? readdirSync(state) : []) {
    if (/^tensorflow-[cg]pu-/.test(name) && name !== plan?.folder) removeFolder(join(state, basename(name)));
  }
}
