const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof CODES;

/** Colours text, or leaves it as it is where the stream shows no colours. */
export interface Paint {
  (colour: Colour, text: string): string;
  readonly enabled: boolean;
}

/** NO_COLOR (any value but the empty one) turns colours off, FORCE_COLOR on (0 and false: off), else a terminal decides. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** The paint of a stream. */
export function paintFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  return paint(wantsColour(stream, env));
}

/** A paint that is on or off. */
export function paint(enabled: boolean): Paint {
  const apply = (colour: Colour, text: string) =>
    enabled && text !== "" ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  return Object.assign(apply, { enabled });
}
