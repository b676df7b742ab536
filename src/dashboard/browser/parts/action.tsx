import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Deed, mayDo, whoMay } from "../../model/rights.ts";
import { session } from "../session.ts";
import { errorInWords } from "./states.tsx";

/** Whether who has logged in may do this at all. */
export function may(action: Deed): boolean {
  return mayDo(action, session.value?.principal.role ?? "");
}

interface AllowedProps {
  action: Deed;
  /** What is done, as a clause: "move calls". */
  to: string;
  children: ComponentChildren;
}

/** What is for those who may do it. The others read that they may not, and who may. */
export function Allowed({ action, to, children }: AllowedProps) {
  if (may(action)) return <>{children}</>;
  return (
    <p class="muted">
      Your role, {session.value?.principal.role ?? "none"}, may not {to}. The roles {whoMay(action)} may.
    </p>
  );
}

interface ActionProps {
  children: ComponentChildren;
  /** Resolves with what was done, in words. */
  act: () => Promise<string>;
  /** What the button says before it does something that cannot be taken back. Without it, it is done at once. */
  confirm?: string;
  onDone?: () => void;
  isDisabled?: boolean;
  /** What it is done to, for screen readers, where several buttons say the same. */
  on?: string;
}

const CONFIRM_MS = 10_000;

/** A button that changes something, and says beside itself how that went. */
export function Action({ children, act, confirm, onDone, isDisabled = false, on }: ActionProps) {
  const [state, setState] = useState<"idle" | "asking" | "acting">("idle");
  const [said, setSaid] = useState<{ text: string; isBad: boolean } | null>(null);
  useEffect(() => {
    if (state !== "asking") return undefined;
    const timer = setTimeout(() => setState("idle"), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const onClick = async () => {
    if (state === "acting") return;
    if (confirm !== undefined && state !== "asking") return setState("asking");
    setState("acting");
    setSaid(null);
    try {
      setSaid({ text: await act(), isBad: false });
      onDone?.();
    } catch (error) {
      const { message, cure } = errorInWords(error);
      setSaid({ text: `${message} ${cure}`.trim(), isBad: true });
    }
    setState("idle");
  };
  return (
    <span class="action">
      <button
        type="button"
        class={state === "asking" ? "button danger" : "button"}
        disabled={isDisabled}
        // A button that is disabled loses the focus, and who uses keys alone would begin at the top of the page again.
        aria-disabled={state === "acting"}
        onClick={() => void onClick()}
      >
        {state === "asking" ? confirm : children}
        {on !== undefined && <span class="unseen"> {on}</span>}
      </button>
      {state === "asking" && (
        <button type="button" class="button" onClick={() => setState("idle")}>
          No
        </button>
      )}
      <span role="status" class={said?.isBad ? "said bad-text" : "said muted"}>
        {said?.text}
      </span>
    </span>
  );
}
