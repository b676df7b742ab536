/** Who has logged in. The cookie is the browser's; the secret beside it is in the storage of this address and port. */
import { computed, signal } from "@preact/signals";
import type { SessionReply } from "../model/replies.ts";

const KEY = "mayfly-session";

export const session = signal<SessionReply | null>(stored());
/** The tenant that is looked at; empty: the principal's own, or the whole server. */
export const tenant = signal("");

/** Of the whole server, and of no tenant in particular. */
export const isOfServer = computed(() => session.value?.principal.tenant === null);

/** @param next null: log in again */
export function setSession(next: SessionReply | null): void {
  if (next === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(next));
  tenant.value = "";
  session.value = next;
}

// Logging out in one tab logs all out.
addEventListener("storage", ({ key }) => {
  if (key === KEY || key === null) session.value = stored();
});

function stored(): SessionReply | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as SessionReply | null;
    return found !== null && typeof found.csrf === "string" && found.endsAt > Date.now() ? found : null;
  } catch {
    return null;
  }
}
