import { useEffect, useRef, useState } from "preact/hooks";
import { TextField } from "./field.tsx";

interface SearchProps {
  label: string;
  placeholder?: string;
  /** Whether the label is for screen readers alone. */
  isUntitled?: boolean;
  /** Called with what was typed, once nothing more was typed for PAUSE_MS: a request for each letter would be of no use. */
  onSearch: (text: string) => void;
}

const PAUSE_MS = 200;

export function SearchField({ label, placeholder, isUntitled = false, onSearch }: SearchProps) {
  const [typed, setTyped] = useState("");
  // What was told already is not told again: whoever has turned the page since then stays there.
  const told = useRef("");
  useEffect(() => {
    if (typed === told.current) return undefined;
    const timer = setTimeout(() => {
      told.current = typed;
      onSearch(typed);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <TextField
      label={label}
      {...(placeholder !== undefined && { placeholder })}
      isSearch
      isUntitled={isUntitled}
      value={typed}
      onInput={setTyped}
    />
  );
}
