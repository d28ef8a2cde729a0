import type { StudentTeacher } from "./schema.js";
import type { Teacher } from "./teacher.js";
import { modelIdentity } from "./teachers/student/model.js";
import { googleEnvironment, googleNeeds } from "./teachers/vision/credentials.js";
import { googlePrice } from "./teachers/vision/price.js";

const urlOf = (path: string) => new URL(path, import.meta.url).href;

const TEACHERS: readonly Teacher[] = [
  {
    name: "builtin",
    impl: ["sharp"],
    session: urlOf("./teachers/builtin/session.js"),
    open: async (context) => (await import("./teachers/builtin/session.js")).open(context),
  },
  {
    name: "google-vision",
    impl: [],
    single: true,
    paid: googlePrice,
    environment: googleEnvironment,
    needs: googleNeeds,
    session: urlOf("./teachers/vision/session.js"),
    open: async (context) => (await import("./teachers/vision/session.js")).openGoogle(context),
  },
  {
    name: "http",
    impl: [],
    single: true,
    session: urlOf("./teachers/vision/session.js"),
    open: async (context) => (await import("./teachers/vision/session.js")).openHttp(context),
  },
  {
    name: "student",
    impl: ["engine", "sharp"],
    // A model may take a good part of the memory: one process holds it, and the native engine uses all cores anyway.
    single: true,
    identity: async (params, context) => modelIdentity(params as unknown as StudentTeacher, context),
    session: urlOf("./teachers/student/session.js"),
    open: async (context) => (await import("./teachers/student/session.js")).open(context),
  },
];

/** The teacher that `with.teacher.type` names. @throws for a name the schema does not know. */
export function teacherNamed(name: string): Teacher {
  const teacher = TEACHERS.find((candidate) => candidate.name === name);
  if (!teacher) throw new Error(`there is no teacher ${name}`);
  return teacher;
}
