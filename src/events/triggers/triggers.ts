/** What starts functions by itself or from outside: kept, listed, paused, and fired. `app` is an app's id, or the id of whatever the owner keeps triggers for. */
import type { Accepted, NewEvent } from "../event.ts";
import type { StoredTrigger, TriggerDefinition, TriggerOwner } from "./trigger.ts";

export interface Triggers {
  /**
   * Replaces the triggers of the app's manifest by those of another revision. Those whose times are as before keep them, and whether they are paused.
   */
  takeOver(app: string, revision: string, triggers: readonly TriggerDefinition[]): Promise<void>;
  /** The apps that have triggers of a manifest, with the revisions that these are of. */
  takenOver(): Promise<{ app: string; revision: string }[]>;
  /** In the order of their names. */
  list(app: string, owner: TriggerOwner): Promise<StoredTrigger[]>;
  /** Rejects with "no-such-trigger". */
  find(app: string, owner: TriggerOwner, name: string): Promise<StoredTrigger>;
  /**
   * Accepts events of a trigger: all of them, or none. Rejects with what Events.accept() rejects with; if they are `byHand` with "no-such-trigger", otherwise with "trigger-paused".
   */
  fire(app: string, owner: TriggerOwner, name: string, events: NewEvent[], byHand?: boolean): Promise<Accepted[]>;
  /**
   * Accepts events of what the trigger of a manifest follows, and remembers in the same transaction up to where it has followed it. Rejects with what Events.accept() rejects
   * with, "no-such-trigger" and "trigger-paused".
   */
  follow(app: string, name: string, events: NewEvent[], mark: number): Promise<void>;
  /** Only remembers. */
  pass(app: string, name: string, mark: number): Promise<void>;
  /** A trigger that is paused does not fire by itself, and what comes for it from outside is refused. Rejects with "no-such-trigger". */
  pause(app: string, owner: TriggerOwner, name: string, isPaused: boolean): Promise<void>;
}
