/** What stands in the place of something that is missing, on its way, or has failed. */
import type { ComponentChildren } from "preact";
import { plainly } from "../../model/plainly.ts";
import { Refused } from "../api.ts";

/** What went wrong, and what to do about it. */
export function errorInWords(error: unknown): { message: string; cure: string } {
  if (error instanceof Refused) return { message: plainly(error.message), cure: plainly(error.cure) };
  // What fetch() throws says nothing that people know; what pages throw themselves is an Error alone.
  if (error instanceof TypeError) return { message: "The server cannot be reached.", cure: "Look whether it runs, and try again." };
  return { message: plainly((error as Error).message), cure: "" };
}

export function Failed({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { message, cure } = errorInWords(error);
  return (
    <div class="note-box bad" role="alert">
      <strong>{message}</strong>
      {cure !== "" && <p>{cure}</p>}
      {onRetry && (
        <button class="button" type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="note-box">
      <strong>{title}</strong>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

/** Takes the room of what is on its way. @param height in pixels */
export function Loading({ height }: { height: number }) {
  return (
    <div role="status">
      <div class="skeleton" style={{ height }} />
      <span class="unseen">Loading</span>
    </div>
  );
}
