import { isDeepStrictEqual } from "node:util";
import type { Params } from "./schema.js";
import { lossSpec, optimizerSpec, scheduleSpec, unreturnedWeight } from "./spec.js";

/**
 * The same params in their shortest spelling: {type: sgd, momentum: 0.9} is sgd. A name stays as it is, so that whoever wrote
 * one keeps what was trained with it.
 */
export function shortest(params: Params): Params {
  const { optimizer, schedule, loss, unreturned } = params;
  return {
    ...params,
    optimizer: name(without(optimizer, optimizerSpec)),
    schedule: name(without(schedule, (spelling) => scheduleSpec({ ...params, schedule: spelling }))),
    loss: typeof loss === "string" ? loss : shortLoss(loss, params),
    unreturned:
      (["zero", "ignore"] as const).find((word) => unreturnedWeight(word) === unreturnedWeight(unreturned)) ??
      unreturned,
  };
}

function shortLoss(terms: Exclude<Params["loss"], string>, params: Params): Params["loss"] {
  const short = terms.map((term) => without(term, (spelling) => lossSpec({ ...params, loss: [spelling] })));
  const [only] = short;
  return short.length === 1 && Object.keys(only!).length === 1 ? only!.type : short;
}

/** The param without what it says and need not say: a member whose absence means the same. */
function without<P>(param: P, meaning: (spelling: P) => unknown): P {
  if (typeof param !== "object" || param === null) return param;
  const said = Object.entries(param).filter(([key]) => {
    const { [key as keyof typeof param]: _, ...rest } = param;
    return key === "type" || !isDeepStrictEqual(meaning(rest as P), meaning(param));
  });
  return Object.fromEntries(said) as P;
}

/** A mapping that says nothing but its type is that name. */
function name<P extends string | object>(param: P): P {
  const [[key, value] = [], ...rest] = typeof param === "string" ? [] : Object.entries(param);
  return key === "type" && rest.length === 0 ? (value as P) : param;
}
