import { useComputed } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Group, type GroupBy, fullness, grouped } from "../../model/fleet.ts";
import { type LiveMachine, PHASES } from "../../model/replies.ts";
import { ghosts, machines, tick } from "../live.ts";
import { route } from "../location.ts";
import { Choices } from "../parts/choices.tsx";
import { Meanings } from "../parts/meanings.tsx";
import { Page } from "../parts/page.tsx";
import { Empty } from "../parts/states.tsx";
import { isOfServer, tenant } from "../session.ts";
import { MachineDetail } from "./machine-detail.tsx";

const groupings = [
  { value: "app", text: "App" },
  { value: "tenant", text: "Tenant" },
  { value: "kind", text: "Kind" },
  { value: "none", text: "None" },
] as const;

export function FleetPage() {
  const [by, setBy] = useState<GroupBy>("app");
  const [search, setSearch] = useState("");
  // The address may name a machine, also one that is gone.
  const [chosen, setChosen] = useState<string | null>(route.value.query.get("machine"));
  const all = useMemo(() => new Map([...ghosts.value, ...machines.value]), [ghosts.value, machines.value]);
  const groups = useMemo(() => grouped(all, by, search), [all, by, search]);
  const isTold = useComputed(() => tick.value !== null).value;
  const options = isOfServer.value && tenant.value === "" ? groupings : groupings.filter(({ value }) => value !== "tenant");
  // The machine that was chosen stays to be read about when it is gone.
  const last = useRef<LiveMachine>(undefined);
  const machine = chosen === null ? undefined : (all.get(chosen) ?? (last.current?.id === chosen ? last.current : undefined));
  last.current = machine;
  return (
    <Page
      title="Fleet"
      about="Every machine, as it is now: a cell fills with the calls that it runs. Choose one to read why it was started, held and killed."
      actions={<Choices label="Put together by" options={options} value={by} onChoose={setBy} />}
    >
      <div class="toolbar">
        <PhaseKey />
        <label>
          <span class="unseen">Search for an app or a machine</span>
          <input
            class="input"
            type="search"
            placeholder="App or machine"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
      </div>
      <div class="split">
        <div>
          {groups.length === 0 ? (
            <NoMachines isSearch={search !== ""} />
          ) : (
            <Groups key={by} groups={groups} chosen={chosen} onChoose={setChosen} />
          )}
          <Meanings of="these words" words={meanings} />
        </div>
        <aside class="split-side" aria-label="The machine that is chosen">
          {chosen === null ? (
            <Empty title="No machine is chosen.">Each cell is a machine. Move between them with the arrow keys.</Empty>
          ) : (
            <MachineDetail key={chosen} id={chosen} machine={machine} isGone={isTold && !machines.value.has(chosen)} />
          )}
        </aside>
      </div>
    </Page>
  );
}

function NoMachines({ isSearch }: { isSearch: boolean }) {
  if (tick.value === null) return <div class="skeleton" style={{ height: 200 }} />;
  if (isSearch) return <Empty title="No machine or app has a name like this." />;
  return (
    <Empty title="There is no machine now.">
      Machines are started for calls, and killed when holding them would cost more than starting others.
    </Empty>
  );
}

const meanings = [
  ["starting", "The machine boots."],
  ["blank", "It is up, and belongs to no app yet: it waits for the next app that needs a machine."],
  ["binding", "It is given to an app, and loads the app's code."],
  ["bound", "It takes calls of its app."],
  ["draining", "It finishes the calls that it has, and gets no new ones."],
  ["ending", "It is being killed."],
  ["slot", "The place of one call in a machine: one with 8 slots runs up to 8 calls at once. Mayfly learns how many are good."],
  ["kind", "What a machine is made for: the runtime of its app, its memory, its CPUs and its kernel."],
] as const;

/** What the colours mean, with how many there are of each. */
function PhaseKey() {
  const now = tick.value;
  return (
    <ul class="legend">
      {PHASES.map((phase) => (
        <li key={phase}>
          <span class="swatch" style={{ color: `var(--${phase})` }} />
          {phase} <b>{now === null ? "–" : now.machines[phase]}</b>
        </li>
      ))}
    </ul>
  );
}

interface GroupsProps {
  groups: readonly Group[];
  chosen: string | null;
  onChoose: (id: string) => void;
}

/** So many cells are drawn in a frame that were not there before. */
const CELLS_A_FRAME = 120;
/** With more machines than this, cells do not fade from one fullness to the next: each that fades is painted in each frame. */
const MOST_FADING = 100;
/** A group with more machines than this has a row for itself. */
const MANY = 12;

function Groups({ groups, chosen, onChoose }: GroupsProps) {
  const area = useRef<HTMLDivElement>(null);
  const total = groups.reduce((sum, { machines: some }) => sum + some.length, 0);
  const most = useMoreEachFrame(total);
  const first = groups[0]?.machines[0]?.id;
  const isShown = chosen !== null && groups.some(({ machines: some }) => some.some(({ id }) => id === chosen));
  // The tab key goes to one cell, and the arrow keys from there to the others.
  const reached = isShown ? chosen : first;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const cells = [...area.current!.querySelectorAll<HTMLButtonElement>(".cell")];
    const next = cells[cells.indexOf(document.activeElement as HTMLButtonElement) + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
    onChoose(next.dataset["id"]!);
  };
  return (
    <div ref={area} class={total > MOST_FADING ? "groups" : "groups fading"} onKeyDown={onKeyDown}>
      {startOf(groups, most).map((group) => (
        <GroupBox key={group.name} group={group} chosen={ownOf(group, chosen)} reached={ownOf(group, reached)} onChoose={onChoose} />
      ))}
    </div>
  );
}

/** A number that is CELLS_A_FRAME at first and grows with each frame until it is the total, so that no frame has to make hundreds of cells. */
function useMoreEachFrame(total: number): number {
  const [most, setMost] = useState(CELLS_A_FRAME);
  useEffect(() => {
    if (most >= total) return undefined;
    const frame = requestAnimationFrame(() => setMost(most + CELLS_A_FRAME));
    return () => cancelAnimationFrame(frame);
  }, [most, total]);
  return most;
}

/** The first machines of all groups. */
function startOf(groups: readonly Group[], most: number): Group[] {
  let left = most;
  return groups.flatMap((group) => {
    const some = group.machines.slice(0, Math.max(0, left));
    left -= some.length;
    return some.length === 0 ? [] : [some.length === group.machines.length ? group : { ...group, machines: some }];
  });
}

/** The machine if it is one of the group's: what happens to others is nothing to it. */
function ownOf({ machines: some }: Group, id: string | null | undefined): string | null {
  return id !== null && id !== undefined && some.some((machine) => machine.id === id) ? id : null;
}

interface GroupBoxProps {
  group: Group;
  chosen: string | null;
  reached: string | null;
  onChoose: (id: string) => void;
}

/** A group of which nothing has changed is the same as before: with hundreds of groups, a second changes few of them. */
function GroupBox({ group: { name, machines: some, used, total }, chosen, reached, onChoose }: GroupBoxProps) {
  const gone = some.map(({ id }) => (machines.peek().has(id) ? "" : id)).join("");
  const last = useRef<{ of: readonly unknown[]; box: ComponentChild }>(undefined);
  const of = [gone, chosen, reached, onChoose, ...some];
  if (last.current?.of.length === of.length && of.every((each, at) => each === last.current!.of[at])) return <>{last.current.box}</>;
  const box = (
    <section aria-label={name} class={some.length > MANY ? "many" : ""}>
      <header>
        <h2>{name}</h2>
        <span class="muted number">
          {some.length} {some.length === 1 ? "machine" : "machines"}
          {total > 0 && `, ${used} of ${total} slots taken`}
        </span>
      </header>
      <div class="cells">
        {some.map((machine) => (
          <Cell
            key={machine.id}
            machine={machine}
            isGone={!machines.peek().has(machine.id)}
            isChosen={machine.id === chosen}
            isReached={machine.id === reached}
            onChoose={onChoose}
          />
        ))}
      </div>
    </section>
  );
  last.current = { of, box };
  return <>{box}</>;
}

interface CellProps {
  machine: LiveMachine;
  isGone: boolean;
  isChosen: boolean;
  isReached: boolean;
  onChoose: (id: string) => void;
}

/** A cell of a machine that has not changed is the same as before, so that only what changes costs anything. */
function Cell({ machine, isGone, isChosen, isReached, onChoose }: CellProps) {
  return useMemo(() => {
    const { id, state, slots } = machine;
    const phase = isGone ? "gone" : state.split(",", 1)[0]!;
    const full = slots.total > 0 ? `, ${slots.used} of ${slots.total} slots taken` : "";
    return (
      <button
        type="button"
        class="cell"
        data-id={id}
        data-phase={phase}
        aria-pressed={isChosen}
        aria-label={`${id}, ${isGone ? "gone" : state}${full}`}
        tabIndex={isReached ? 0 : -1}
        onClick={() => onChoose(id)}
        onPointerEnter={nameIt}
        style={`--full:${fullness(machine)}`}
      />
    );
  }, [machine, isGone, isChosen, isReached, onChoose]);
}

/** Only the cell at the pointer has a title, so that what changes in each cell is one text. */
function nameIt({ currentTarget }: { currentTarget: HTMLElement }): void {
  currentTarget.title = currentTarget.getAttribute("aria-label") ?? "";
}
