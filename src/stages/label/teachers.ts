import type { Teacher } from "./teacher.js";

const TEACHERS: readonly Teacher[] = [
  {
    name: "builtin",
    impl: ["sharp"],
    open: async (context) => (await import("./teachers/builtin/session.js")).open(context),
  },
];

/** The teacher that `with.teacher.type` names. @throws for a name the schema does not know. */
export function teacherNamed(name: string): Teacher {
  const teacher = TEACHERS.find((candidate) => candidate.name === name);
  if (!teacher) throw new Error(`there is no teacher ${name}`);
  return teacher;
}
