interface MeaningsProps {
  /** Of what, such as "the columns". */
  of: string;
  words: readonly (readonly [word: string, meaning: string])[];
}

/** What the words of a table or a legend mean, for who opens it: by keys and on touch screens, too, where there is nothing to point with. */
export function Meanings({ of, words }: MeaningsProps) {
  return (
    <details class="meanings">
      <summary>What {of} mean</summary>
      <dl>
        {words.map(([word, meaning]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
