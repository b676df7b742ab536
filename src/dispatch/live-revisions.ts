/**
 * The revisions that calls go to, by app, and their parts: a part has the functions of one runtime, and machines of its own. Only point() and remove() change
 * where an app's calls go. Most calls go to `live`; a call may name a branch instead, which is another alias or a revision.
 *
 * Owns: how each app's calls are split over its revisions, and which part a function is in.
 * 1. A part belongs to one revision, and that to one app. It is live from the point() that names its revision until a later point() of the app does not,
 *    or the app is removed. It stays known here until forget(), because the policy may command something for it until it is told.
 * 2. A revision with functions of one runtime, as most are, is one part, whose id is the revision's.
 * 3. Of an app that rests, only the split and the ids of its parts are kept: no manifests. It takes no calls until the next point(), which
 *    continues the split if the targets are the same, and until its revisions are pinned again.
 * 4. A revision that branches alone name stands aside: the app's minimum of machines is not for it.
 * 5. A pin is a branch that stands for one revision for good, which has parts of its own there, with machines of their own, until it is unpinned. What happens
 *    to the splits does not concern it. It stands aside.
 * 6. A revision that is put together of others has no parts but theirs, by their own ids: a part is the same one, with its machines, as long as any revision that gets calls has it.
 * 7. Of an app that keeps tenants apart, each tenant id that calls name has parts of its own, made of those that serve all: see apart-parts.ts. They stand aside, and are there
 *    until they are removed.
 */
import type { AppRuntime } from "../base/kind/machine-kind.ts";
import type { MachineEnd } from "../fleet/fleet.ts";
import type { Version } from "../store/catalog/catalog.ts";
import { partsOf } from "../store/catalog/parts.ts";
import { branchOfPin } from "./invocation.ts";
import type { Branch, ServedBeside, ServedTarget } from "./live-dispatcher.ts";
import { keepsAnyApart } from "../store/catalog/isolation.ts";
import { ApartParts } from "./apart-parts.ts";
import { Split, type StickyRuns, type WeightedRevision } from "./split.ts";

/** What the policy knows as a revision. */
export interface LivePart {
  readonly id: string;
  /** Its manifest has the part's functions alone, and their runtime. */
  readonly version: Version;
  readonly runtime: AppRuntime;
  /** Whether it has the revision's first function: the machines that an app keeps ready are of this part. */
  readonly isFirst: boolean;
  /** The revision gets the share of the calls of `live` that its weight has in the sum of all weights; 0: it stands aside. */
  readonly weight: number;
  /** How many machines are kept bound to the part, at least. */
  readonly reserved: number;
  /** The end of its last machine that could not be bound; null if there was none. */
  readonly lastFailure: MachineEnd | null;
  /** The id of the part that it was made of, if it serves one tenant id alone. */
  readonly base?: string;
}

export interface Moved {
  /** The parts that are live now, in the order in which the policy is to be told of them, with the part that each takes over from: null if it is not new, or takes over from none. */
  live: { part: LivePart; inherits: string | null }[];
  /** Ids of the parts that are live no more. */
  retired: { id: string; successor: string }[];
  /** The id of the part that gets what waits for a function of a retired one: of the revision with the largest weight. */
  partFor: (name: string) => string;
}

/** The parts of a revision. */
interface Parts {
  /** Ids, in the order of the revision's functions. */
  readonly ids: readonly string[];
  readonly runtimes: readonly AppRuntime[];
  /** The part of each function; null if there is but one. */
  readonly byFunction: ReadonlyMap<string, string> | null;
  /** Whether the revision is put together of others, so that each part is of one function. */
  readonly isPutTogether: boolean;
}

interface App {
  readonly split: Split;
  readonly branches: ReadonlyMap<string, Split>;
  /** By the revision's id, the one with the largest weight first, those that stand aside last. */
  readonly revisions: ReadonlyMap<string, Parts>;
  /** By what calls name as their branch. */
  readonly pins: Map<string, Parts>;
  /** Whether a call has to be looked up by its function. */
  readonly hasSeveralParts: boolean;
  /** Whether calls of any function are kept apart. */
  isolates: boolean;
}

/** What no revision's id has in it. */
const BORDER = "/";
export class LiveRevisions {
  readonly #apps = new Map<string, App>();
  readonly #resting = new Map<string, App>();
  readonly #parts = new Map<string, LivePart>();
  readonly #apart = new ApartParts();

  /** The last failure of a part that is live already is forgotten. @param targets at least one; each revision once */
  point(app: string, targets: readonly ServedTarget[], { sticky, branches = [] }: ServedBeside = {}): Moved {
    const known = this.#apps.get(app) ?? this.#resting.get(app);
    const weights = weightsOf(targets);
    const all = withAside(targets, branches);
    const made = new Map(all.map(({ revision, weight, reserved }) => [revision.id, makeParts(revision, weight, reserved)]));
    const revisions = new Map(all.toSorted(byWeightOfTarget).map(({ revision }) => [revision.id, made.get(revision.id)!.parts]));
    const before = known?.revisions ?? new Map<string, Parts>();
    const [first] = revisions.values() as Iterable<Parts>;
    const [heir] = before.values();
    const after = new Set([...revisions.values()].flatMap(({ ids }) => ids));
    const old = new Set([...before.values()].flatMap(({ ids }) => ids));
    // The policy takes the part that it is told of last for the newest, which keeps the app's minimum.
    const live = lastOfEach(all.flatMap(({ revision }) => made.get(revision.id)!.live.toReversed()));
    for (const part of live) this.#parts.set(part.id, part);
    this.#apps.set(app, {
      split: continued(known?.split, weights, sticky),
      branches: new Map(
        branches.map((branch) => [branch.name, continued(known?.branches.get(branch.name), weightsOf(branch.targets), branch.sticky)]),
      ),
      revisions,
      pins: known?.pins ?? new Map<string, Parts>(),
      hasSeveralParts: [...revisions.values()].some(({ byFunction }) => byFunction !== null),
      isolates: known?.isolates === true || all.some(({ revision }) => keepsAnyApart(revision.manifest)),
    });
    this.#resting.delete(app);
    return {
      live: live.map((part) => ({
        part,
        inherits: old.has(part.id) ? null : takenOverBy(part, heir, made.get(part.version.id)?.live.length === 1),
      })),
      retired: [...before.values()].flatMap((parts) =>
        parts.ids.flatMap((id, at) => (after.has(id) ? [] : [{ id, successor: successorIn(first!, parts, at) }])),
      ),
      partFor: (name) => partIn(first!, name),
    };
  }

  /** Whether calls may give the name. */
  isPinned(app: string, pin: string): boolean {
    return this.#pinned(this.#apps.get(app), branchOfPin(pin)) !== undefined;
  }

  /** The parts of the revision that a pin stands for; undefined if there is none, or if the app came to rest since. */
  #pinned(app: App | undefined, branch: string): Parts | undefined {
    const parts = app?.pins.get(branch);
    return parts?.ids.every((id) => this.#parts.has(id)) === true ? parts : undefined;
  }

  /** Lets the app's calls give a name, or changes what is reserved for one. The app must be served. Returns the parts that are live from now on. */
  pin(app: string, pin: string, revision: Version, reserved: number): LivePart[] {
    const { parts, live } = makeParts({ ...revision, pin }, 0, reserved);
    const known = this.#apps.get(app)!;
    known.pins.set(branchOfPin(pin), parts);
    known.isolates ||= keepsAnyApart(revision.manifest);
    for (const part of live) this.#parts.set(part.id, part);
    return live;
  }

  /** Whether calls of any of the app's functions are kept apart: then apart() is to be asked for each call. */
  isolates(app: string): boolean {
    return this.#apps.get(app)?.isolates === true;
  }

  /** The id of the part that serves the tenant id in the place of one that serves all; undefined if there is none yet. */
  apart(app: string, base: string, key: string): string | undefined {
    return this.#apart.find(app, base, key);
  }

  /** See ApartParts.leaving(). */
  leavingApart(app: string, most: number, isIdle: (part: string) => boolean): string | null | undefined {
    return this.#apart.leaving(app, most, isIdle);
  }

  /** Makes a part that serves the tenant id alone. */
  addApart(base: LivePart, key: string): LivePart {
    const id = this.#apart.add(base.version.app, base.id, key);
    const version = { ...base.version, tenantKey: key };
    const part = { ...base, id, version, base: base.id, weight: 0, reserved: 0, lastFailure: null };
    this.#parts.set(id, part);
    return part;
  }

  /** The app's parts that serve one tenant id each. */
  allApart(app: string): readonly string[] {
    return this.#apart.of(app);
  }

  removeApart(app: string, part: string): void {
    this.#apart.remove(part, app);
  }

  /** The app's calls can no longer give what names the pin. Returns the ids of the parts that are live no more. @param branch as pins() has it */
  unpin(app: string, branch: string): readonly string[] {
    const { pins } = this.#apps.get(app) ?? {};
    const parts = pins?.get(branch);
    pins?.delete(branch);
    return parts?.ids ?? [];
  }

  /** What names each pin, and the ids of its parts. */
  pins(app: string): [branch: string, parts: readonly string[]][] {
    return Array.from(this.#apps.get(app)?.pins ?? [], ([branch, { ids }]) => [branch, ids]);
  }

  /** The app's calls go nowhere from now on. Returns the ids of the parts that were live. */
  remove(app: string): string[] {
    const known = this.#apps.get(app) ?? this.#resting.get(app);
    this.#apps.delete(app);
    this.#resting.delete(app);
    const apart = this.#apart.of(app);
    this.#apart.removeApp(app);
    return known === undefined ? [] : [...idsOf(known), ...apart];
  }

  /** Returns the ids of the app's parts. */
  rest(app: string): readonly string[] {
    const known = this.#apps.get(app);
    if (known === undefined) return [];
    this.#apps.delete(app);
    this.#resting.set(app, known);
    const ids = [...idsOf(known), ...this.#apart.of(app)];
    this.#apart.removeApp(app);
    for (const id of ids) this.#parts.delete(id);
    return ids;
  }

  /** The policy has heard that the part is live no more. */
  forget(part: string): void {
    this.#parts.delete(part);
  }

  /** The id of the part that the app's next call goes to; empty if the app, or its branch, is not known. @param key see InvocationRequest */
  next(app: string, name: string, branch?: string, key?: string): string {
    const known = this.#apps.get(app);
    if (known === undefined) return "";
    const split = branch === undefined ? known.split : known.branches.get(branch);
    if (split === undefined) {
      const pinned = this.#pinned(known, branch!);
      return pinned === undefined ? "" : partIn(pinned, name);
    }
    const revision = split.next(key);
    return known.hasSeveralParts ? partIn(known.revisions.get(revision)!, name) : revision;
  }

  /** Undefined if no part of this id is known. */
  get(part: string): LivePart | undefined {
    return this.#parts.get(part);
  }

  /** Ids of the parts of one of the app's revisions, with those for one tenant id each. */
  partsOf(app: string, revision: string): readonly string[] {
    const ids = this.#apps.get(app)?.revisions.get(revision)?.ids ?? [];
    const apart = this.#apart.of(app).filter((id) => ids.includes(this.#parts.get(id)?.base ?? ""));
    return [...ids, ...apart];
  }

  serves(app: string): boolean {
    return this.#apps.has(app);
  }

  /** Those of the revision with the largest weight first, those for one tenant id each last. */
  of(app: string): LivePart[] {
    const known = this.#apps.get(app);
    return known === undefined ? [] : [...idsOf(known), ...this.#apart.of(app)].flatMap((id) => this.#parts.get(id) ?? []);
  }

  noteFailure(part: string, end: MachineEnd): void {
    const known = this.#parts.get(part);
    if (known !== undefined) this.#parts.set(part, { ...known, lastFailure: end });
  }
}

/** A revision that anything names, once. */
interface Named {
  revision: Version;
  /** 0: it stands aside. */
  weight: number;
  reserved: number;
}

/**
 * Every revision once, those that stand aside first: the policy takes the one that it is told of last for the newest. What several aliases reserve of a
 * revision adds up.
 */
function withAside(targets: readonly ServedTarget[], branches: readonly Branch[]): Named[] {
  const named = new Map(targets.map((target) => [target.revision.id, { ...target, reserved: target.reserved ?? 0 }]));
  const aside = new Map<string, Named>();
  for (const { revision, reserved = 0 } of branches.flatMap((branch) => branch.targets)) {
    const known = named.get(revision.id) ?? aside.get(revision.id);
    if (known === undefined) aside.set(revision.id, { revision, weight: 0, reserved });
    else known.reserved += reserved;
  }
  return [...aside.values(), ...named.values()];
}

function weightsOf(targets: readonly ServedTarget[]): WeightedRevision[] {
  return targets.map(({ revision, weight }) => ({ revision: revision.id, weight })).toSorted(byWeight);
}

function continued(known: Split | undefined, weights: readonly WeightedRevision[], sticky: StickyRuns | undefined): Split {
  return known?.isOf(weights, sticky) === true ? known : new Split(weights, sticky);
}

/** Of parts that are listed more than once, the last. */
function lastOfEach(parts: LivePart[]): LivePart[] {
  const last = new Map(parts.map((part) => [part.id, part]));
  return parts.filter((part) => last.get(part.id) === part);
}

interface Made {
  parts: Parts;
  live: LivePart[];
}

function makeParts(version: Version, weight: number, reserved: number): Made {
  return version.runBy === undefined ? makeOwnParts(version, weight, reserved) : putTogether(version.runBy, weight, reserved);
}

/** What is reserved, is kept ready of the first function, as of any other revision. */
function putTogether(runBy: ReadonlyMap<string, Version>, weight: number, reserved: number): Made {
  const live = Array.from(runBy.values(), (member, at) => {
    const [part] = makeOwnParts(member, weight, at === 0 ? reserved : 0).live;
    return { ...part!, isFirst: at === 0 };
  });
  const byFunction = new Map(Array.from(runBy.keys(), (name, at) => [name, live[at]!.id]));
  const [ids, runtimes] = [live.map(({ id }) => id), live.map(({ runtime }) => runtime)];
  return { parts: { ids, runtimes, byFunction, isPutTogether: true }, live };
}

function makeOwnParts(version: Version, weight: number, reserved: number): Made {
  const manifests = partsOf(version.manifest);
  const isOneOfSeveral = manifests.length > 1;
  const live = manifests.map((manifest, at): LivePart => {
    const { runtime } = manifest;
    const id = [version.id, ...(version.pin === undefined ? [] : [branchOfPin(version.pin)]), ...(isOneOfSeveral ? [runtime] : [])].join(
      BORDER,
    );
    const isFirst = at === 0;
    return { id, version: { ...version, manifest }, runtime, isFirst, weight, reserved: isFirst ? reserved : 0, lastFailure: null };
  });
  const byFunction = new Map(live.flatMap(({ id, version: { manifest } }) => Object.keys(manifest.functions).map((name) => [name, id])));
  const [ids, runtimes] = [live.map(({ id }) => id), live.map(({ runtime }) => runtime)];
  return { parts: { ids, runtimes, byFunction: isOneOfSeveral ? byFunction : null, isPutTogether: false }, live };
}

/** Whether only branches name the part's revision. */
export function isAside({ weight }: LivePart): boolean {
  return weight === 0;
}

/** The id of the revision that the part is of. */
export function revisionOf(part: string): string {
  return part.split(BORDER, 1)[0]!;
}

/** A function that is in no part is for the agent of any to refuse. */
function partIn({ ids, byFunction }: Parts, name: string): string {
  return byFunction?.get(name) ?? (ids[0] as string);
}

/** The id of the part that a new part takes over from: that of the same function, where functions are deployed one by one. */
function takenOverBy({ runtime, version }: LivePart, before: Parts | undefined, isOnly: boolean): string | null {
  if (before?.isPutTogether !== true) return likeIn(before, runtime, isOnly);
  const [name = ""] = Object.keys(version.manifest.functions);
  return before.byFunction?.get(name) ?? null;
}

/** The id of the part that gets what waits for one that is live no more. @param at its place in `before` */
function successorIn(after: Parts, before: Parts, at: number): string {
  if (!before.isPutTogether) return likeIn(after, before.runtimes[at]!, true) ?? after.ids[0]!;
  const [name = ""] = [...before.byFunction!].find(([, id]) => id === before.ids[at]) ?? [];
  return partIn(after, name);
}

/** The id of the part of the same runtime, or else, if `orOnly`, of the only one: an app that changes its runtime is the same to its callers. */
function likeIn(parts: Parts | undefined, runtime: AppRuntime, orOnly: boolean): string | null {
  if (parts === undefined) return null;
  const at = parts.runtimes.indexOf(runtime);
  if (at >= 0) return parts.ids[at]!;
  return orOnly && parts.ids.length === 1 ? parts.ids[0]! : null;
}

function idsOf({ revisions, pins }: App): string[] {
  return [...revisions.values(), ...pins.values()].flatMap(({ ids }) => ids);
}

/** Targets of the same weight are ordered by their ids, so that the same targets always come in the same order. */
function byWeight(a: WeightedRevision, b: WeightedRevision): number {
  return b.weight - a.weight || (a.revision < b.revision ? -1 : 1);
}

function byWeightOfTarget(a: Named, b: Named): number {
  return byWeight({ revision: a.revision.id, weight: a.weight }, { revision: b.revision.id, weight: b.weight });
}
