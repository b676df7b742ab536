import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  /** Whether the label is for screen readers alone. */
  isUntitled?: boolean;
  /** What may be written there, and what it does. */
  about?: ComponentChildren;
  children: (control: Control) => ComponentChildren;
}

/** What ties a control to its name and to what describes it. */
interface Control {
  id: string;
  "aria-describedby": string | undefined;
}

/** A field of a form with its name above it. */
function Field({ label, isUntitled = false, about, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isUntitled ? "unseen" : ""}>
        {label}
      </label>
      {children({ id, "aria-describedby": about === undefined ? undefined : `${id}-about` })}
      {about !== undefined && (
        <small class="muted" id={`${id}-about`}>
          {about}
        </small>
      )}
    </div>
  );
}

interface TextProps {
  label: string;
  about?: ComponentChildren;
  value: string;
  onInput: (value: string) => void;
  placeholder?: string;
  /** Of several lines. */
  rows?: number;
  isSecret?: boolean;
  isSearch?: boolean;
  isUntitled?: boolean;
}

/** A field for text as programs read it: nothing in it is corrected. */
export function TextField({
  label,
  about,
  value,
  onInput,
  placeholder,
  rows,
  isSecret = false,
  isSearch = false,
  isUntitled = false,
}: TextProps) {
  const same = {
    class: "input mono",
    value,
    placeholder,
    spellcheck: false,
    autocomplete: "off",
    onInput: (event: Event) => onInput((event.currentTarget as HTMLInputElement).value),
  } as const;
  return (
    <Field label={label} about={about} isUntitled={isUntitled}>
      {(control) => {
        const all = { ...same, ...control };
        if (rows !== undefined) return <textarea {...all} rows={rows} />;
        if (isSecret) return <input {...all} type="password" />;
        return isSearch ? <input {...all} type="search" /> : <input {...all} type="text" />;
      }}
    </Field>
  );
}

interface SelectProps {
  label: string;
  about?: ComponentChildren;
  value: string;
  options: readonly { value: string; text: string }[];
  onChange: (value: string) => void;
}

export function SelectField({ label, about, value, options, onChange }: SelectProps) {
  return (
    <Field label={label} about={about}>
      {(control) => (
        <select {...control} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
