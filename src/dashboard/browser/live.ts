/**
 * The stream of the server's events. It is read with `fetch`, because an EventSource sends no header, and the session needs one.
 *
 * Owns: the one connection, which is there while somebody looks at the page.
 */
import { batch, effect, signal } from "@preact/signals";
import { changed, type Machines } from "../model/machines.ts";
import type { MachineChanges, Tick } from "../model/replies.ts";
import { EventReader } from "../model/sse.ts";
import { Refused, send } from "./api.ts";
import { session, tenant } from "./session.ts";

export type LiveState = "connecting" | "live" | "lost";

export const state = signal<LiveState>("connecting");
export const tick = signal<Tick | null>(null);
export const machines = signal<Machines>(new Map());
/** Machines that are gone since a moment ago, as they were last. */
export const ghosts = signal<Machines>(new Map());

/** Milliseconds between two attempts to connect: the first, and the most. */
const PAUSE_MS = { first: 1_000, most: 15_000 };

const isVisible = signal(!document.hidden);
document.addEventListener("visibilitychange", () => (isVisible.value = !document.hidden));

/** Follows the server for as long as there is a session and the page is to be seen. Whoever looks at another tenant is connected anew. */
export function follow(): void {
  effect(() => {
    const about = tenant.value;
    if (session.value === null || !isVisible.value) return undefined;
    const over = new AbortController();
    tick.value = null;
    machines.value = new Map();
    ghosts.value = new Map();
    void keepReading(about, over.signal);
    return () => over.abort();
  });
}

async function keepReading(about: string, signal: AbortSignal): Promise<void> {
  let pauseMs = PAUSE_MS.first;
  state.value = "connecting";
  while (!signal.aborted) {
    try {
      await read(about, signal, () => (pauseMs = PAUSE_MS.first));
    } catch (error) {
      if (signal.aborted) return;
      // Who may see nothing of this is not asked again.
      if (error instanceof Refused && error.status === 403) return;
    }
    if (signal.aborted) return;
    state.value = "lost";
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(2 * pauseMs, PAUSE_MS.most);
  }
}

async function read(about: string, signal: AbortSignal, connected: () => void): Promise<void> {
  const response = await send("/v1/live", { tenant: about, signal });
  if (response.body === null) return;
  connected();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    if (signal.aborted) return;
    state.value = "live";
    // The page is drawn once for all that has come.
    batch(() => {
      for (const { name, data } of events.take(piece.value)) take(name, JSON.parse(data));
    });
  }
}

/** Milliseconds for which a machine is shown after its end. */
const GHOST_MS = 4_000;

function takeMachines(changes: MachineChanges): void {
  const before = machines.peek();
  const gone = changes.gone.flatMap((id) => before.get(id) ?? []);
  machines.value = changed(before, changes);
  if (gone.length === 0) return;
  ghosts.value = changed(ghosts.peek(), { whole: false, changed: gone, gone: [] });
  setTimeout(() => {
    ghosts.value = changed(ghosts.peek(), { whole: false, changed: [], gone: changes.gone });
  }, GHOST_MS);
}

function take(name: string, data: unknown): void {
  if (name === "tick") tick.value = data as Tick;
  if (name === "machines") takeMachines(data as MachineChanges);
}
