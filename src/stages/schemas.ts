import type { TSchema } from "typebox";
import { Params as crawl } from "./crawl/schema.js";
import { Params as evaluate } from "./eval/schema.js";
import { Params as exec } from "./exec/schema.js";
import { Params as importParams } from "./import/schema.js";
import { Params as index } from "./index/schema.js";
import { Params as label } from "./label/schema.js";
import { Params as pack } from "./pack/schema.js";
import { Params as resize } from "./resize/schema.js";
import { Params as screen } from "./screen/schema.js";
import { Params as train } from "./train/schema.js";

/** The params of each stage kind. For the build alone: while running, validators are generated code. */
export const schemas: Readonly<Record<string, TSchema>> = {
  crawl,
  resize,
  label,
  screen,
  import: importParams,
  index,
  pack,
  train,
  eval: evaluate,
  exec,
};
