interface FactProps {
  name: string;
  value: string;
  isBad?: boolean;
  /** A sentence or more: it has the whole width. */
  isLong?: boolean;
}

/** One line of a list of facts. */
export function Fact({ name, value, isBad = false, isLong = false }: FactProps) {
  return (
    <div class={isLong ? "long" : ""}>
      <dt>{name}</dt>
      <dd class={isBad ? "bad-text" : ""}>{value}</dd>
    </div>
  );
}
