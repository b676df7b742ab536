import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { session } from "../session.ts";
import { mayDo } from "../../model/rights.ts";

/** Whether who has logged in may do this at all. */
export function may(action: Parameters<typeof mayDo>[0]): boolean {
  return mayDo(action, session.value?.principal.role ?? "");
}

interface ActionProps {
  children: ComponentChildren;
  /** Resolves with what was done, in words. */
  act: () => Promise<string>;
  /** What the button says before it does something that cannot be taken back. Without it, it is done at once. */
  confirm?: string;
  onDone?: () => void;
  isDisabled?: boolean;
}

const CONFIRM_MS = 5_000;

/** A button that changes something, and says beside itself how that went. */
export function Action({ children, act, confirm, onDone, isDisabled = false }: ActionProps) {
  const [state, setState] = useState<"idle" | "asking" | "acting">("idle");
  const [said, setSaid] = useState<{ text: string; isBad: boolean } | null>(null);
  useEffect(() => {
    if (state !== "asking") return undefined;
    const timer = setTimeout(() => setState("idle"), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const onClick = async () => {
    if (confirm !== undefined && state !== "asking") return setState("asking");
    setState("acting");
    setSaid(null);
    try {
      setSaid({ text: await act(), isBad: false });
      onDone?.();
    } catch (error) {
      setSaid({ text: (error as Error).message, isBad: true });
    }
    setState("idle");
  };
  return (
    <span class="action">
      <button
        type="button"
        class={state === "asking" ? "button danger" : "button"}
        disabled={isDisabled || state === "acting"}
        onClick={() => void onClick()}
      >
        {state === "asking" ? confirm : children}
      </button>
      <span role="status" class={said?.isBad ? "bad-text" : "muted"}>
        {said?.text}
      </span>
    </span>
  );
}
