/**
 * Bundles a function and everything it imports into one file that behaves as the separate files would in plain Node. The function is
 * bundled twice. The first pass finds out which files and packages are involved; before the second pass, files that ask for their own path
 * are rewritten (decisions/bundled-twice.md). What is bundled again after a change is bundled once, if that shows that the first pass would find the same (surveys.ts).
 */
import { MayflyError } from "../base/errors/error.ts";
import { join } from "node:path";
import type { BuildOptions, Message } from "esbuild";
import type { Bundle } from "../store/catalog/catalog.ts";
import { type Builder, type Built, buildAnew } from "./builder.ts";
import { buildFailure, inWords } from "./build-failure.ts";
import { asModule, asScript, options, survey } from "./bundler-options.ts";
import { checkExports } from "./check-exports.ts";
import { hasRenamed } from "./kept-names.ts";
import { externals } from "./packages/externals.ts";
import { judge } from "./packages/judge.ts";
import { LeftOuts } from "./packages/left-out.ts";
import { ownerOf, packageOf } from "./packages/package-file.ts";
import { namedIn, registry } from "./packages/registry.ts";
import { placeOf } from "./source/parse.ts";
import { type KnownSources, Sources, usedFiles } from "./source/sources.ts";
import { isAsBefore, type SecondPass, secondPass, type Survey, surveyKey, Surveys } from "./surveys.ts";
import { namedFiles } from "./file-warnings.ts";
import type { FunctionSource } from "./function-source.ts";

export interface BundledFunction {
  bundle: Bundle;
  warnings: string[];
  /** Absolute paths of files that travel because the code names them. */
  named: string[];
}

/** Throws "build-failed" or "native-addon". @param surveys what earlier bundles of the app's functions have found out */
export async function bundleFunction(
  source: FunctionSource,
  builder: Builder = buildAnew,
  surveys: Surveys = new Surveys(),
): Promise<BundledFunction> {
  const key = surveyKey(source);
  const leftOuts = new LeftOuts(source.root);
  const pass = (survey: Survey) => bundleSurveyed(source, builder, survey, { leftOuts, known: surveys.sources });
  const known = surveys.known(source.name, key);
  const again = known && (await pass(known.survey).catch(unlessBuildFailed));
  if (known !== undefined && again !== undefined && isAsBefore(again.second, known.second)) return again.bundled;
  const survey = await surveyed(source, builder, leftOuts);
  const { bundled, second } = await pass(survey);
  surveys.learn(source.name, key, survey, second);
  return bundled;
}

async function surveyed(source: FunctionSource, builder: Builder, leftOuts: LeftOuts): Promise<Survey> {
  const plugins = [externals(source.shipped.packages), leftOuts.plugin()];
  const seen = await buildOf(source, builder, "survey", survey(source), plugins);
  return { used: usedFiles(seen.metafile), exports: checkExports(seen.metafile, source), renamed: hasRenamed(seen.outputFiles) };
}

function buildOf(
  source: FunctionSource,
  builder: Builder,
  slot: string,
  form: BuildOptions,
  plugins: NonNullable<BuildOptions["plugins"]>,
): Promise<Built> {
  return builder(`${source.name} ${slot}`, { ...options(source, plugins), ...form }).catch((error: unknown) => {
    throw buildFailure(error, source);
  });
}

/** The second pass. */
async function bundleSurveyed(
  source: FunctionSource,
  builder: Builder,
  { used, exports, renamed }: Survey,
  { leftOuts, known }: { leftOuts: LeftOuts; known: KnownSources },
): Promise<{ bundled: BundledFunction; second: SecondPass }> {
  const { root, name, shipped } = source;
  leftOuts.forget();
  const sources = new Sources(root, used, known);
  const computed = computedNames(sources, root);
  const plugins = [externals(shipped.packages), registry(root, computed.specifiers), sources.plugin(), leftOuts.plugin()];
  const inForm = async (form: BuildOptions) => {
    const built = await buildOf(source, builder, `${form.format} ${renamed}`, { ...form, keepNames: renamed }, plugins);
    if (renamed || !hasRenamed(built.outputFiles)) return { built, keepsNames: renamed };
    return { built: await buildOf(source, builder, `${form.format} true`, { ...form, keepNames: true }, plugins), keepsNames: true };
  };
  const script = await inForm(asScript(source, exports)).catch(unlessBuildFailed);
  const { built, keepsNames } = script ?? (await inForm(asModule(source)));
  const later = judge(leftOuts.all, { root, name, metafile: built.metafile, fileAt: (path) => sources.fileAt(path) });
  const inputs = new Set(Object.keys(built.metafile.inputs).map((file) => join(root, file)));
  const files = namedFiles(sources, root, inputs, shipped);
  const warnings = [...ownWarnings(built), ...computed.warnings, ...later, ...files.warnings];
  return {
    bundled: {
      bundle: { function: name, format: script ? "cjs" : "esm", code: built.outputFiles[0]!.contents },
      warnings: warnings.map((warning) => `${name}: ${warning}`),
      named: files.named,
    },
    second: secondPass(built, { isScript: script !== undefined, keepsNames }),
  };
}

/**
 * CommonJS starts faster in the guest, but does not support top-level await. esbuild has no code for that failure, so every failed build is tried
 * again as a module: it succeeds if top-level await was all that was wrong, and fails with everything else.
 */
function unlessBuildFailed(error: unknown): undefined {
  if (!(error instanceof MayflyError && error.code === "build-failed")) throw error;
}

/** The bundler's warnings about the app's own code. Warnings about packages are dropped, since the app's author can't act on them. */
function ownWarnings({ warnings }: Built): string[] {
  return warnings.filter(({ location }: Message) => location && ownerOf(location.file) === undefined).map(inWords);
}

/** Module names that are computed at run time: the packages that they may name, and a warning for each place in the app's own code. */
function computedNames(sources: Sources, root: string): { specifiers: string[]; warnings: string[] } {
  const asking = sources.looked.filter(({ rewritten }) => rewritten.computed.length > 0);
  const owners = new Set([undefined, ...asking.map(({ owner }) => owner)]);
  const texts = [...owners].flatMap((owner) => sources.textsOf(owner));
  const specifiers = asking.length === 0 ? [] : namedIn(texts, packageOf(root));
  const found = ["Node's own modules", ...specifiers].join(", ");
  const own = asking.filter(({ owner }) => owner === undefined);
  const places = own.flatMap((file) => file.rewritten.computed.map((at) => `${file.path.slice(root.length + 1)}:${placeOf(file, at)}`));
  return {
    specifiers,
    warnings: places.map((at) => `the name of this import is known only when it runs: it finds ${found}, and no other (${at})`),
  };
}
