import type { Teacher } from "./teacher.js";
import { googleEnvironment, googlePrice } from "./teachers/vision/price.js";

const TEACHERS: readonly Teacher[] = [
  {
    name: "builtin",
    impl: ["sharp"],
    open: async (context) => (await import("./teachers/builtin/session.js")).open(context),
  },
  {
    name: "google-vision",
    impl: [],
    single: true,
    paid: googlePrice,
    environment: googleEnvironment,
    open: async (context) => (await import("./teachers/vision/session.js")).openGoogle(context),
  },
  {
    name: "http",
    impl: [],
    single: true,
    open: async (context) => (await import("./teachers/vision/session.js")).openHttp(context),
  },
];

/** The teacher that `with.teacher.type` names. @throws for a name the schema does not know. */
export function teacherNamed(name: string): Teacher {
  const teacher = TEACHERS.find((candidate) => candidate.name === name);
  if (!teacher) throw new Error(`there is no teacher ${name}`);
  return teacher;
}
