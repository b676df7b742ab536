/** What stands in the place of something that is missing, on its way, or has failed. */
import type { ComponentChildren } from "preact";
import { Refused } from "../api.ts";

export function Failed({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const [message, cure] =
    error instanceof Refused ? [error.message, error.cure] : ["The server cannot be reached.", "Look whether it runs, and try again."];
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
