/** Names of stages, ports, profiles and sweeps. */
export const NAME = "^[a-z][a-z0-9_-]*$";

/** The same for people. */
export const NAME_RULE = "a name begins with a-z and goes on with a-z, 0-9, _ or -";
