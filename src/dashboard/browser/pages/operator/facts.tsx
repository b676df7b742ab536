interface FactProps {
  name: string;
  value: string;
  isBad?: boolean;
}

/** One line of a list of facts. */
export function Fact({ name, value, isBad = false }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? "bad-text" : ""}>{value}</dd>
    </div>
  );
}
