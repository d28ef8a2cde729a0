import { existsSync, readFileSync } from "node:fs";
import { homedir, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { SecretNeed } from "../../../../contract/refusal.js";
import type { JsonObject } from "../../../../core/json.js";
import type { GoogleVisionTeacher } from "../../schema-vision.js";

/** The variable that `key_env` names unless told otherwise. */
const GOOGLES_KEY = "GOOGLE";

/** What lets requests to Google through beside a key. */
export const INSTEAD_OF_A_KEY =
  "or set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login";

/** Whether requests go to Google, and its key and credentials with them. */
export function isGoogle(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true;
  const { hostname, protocol } = new URL(endpoint);
  return protocol === "https:" && hostname.endsWith(".googleapis.com");
}

/**
 * The variable whose key goes along, if it is set; `required` where nothing else would do. Google's goes to Google alone: a
 * variable of another name was named for whoever is asked.
 */
export function keyVariable({
  key_env: variable,
  endpoint,
}: Pick<GoogleVisionTeacher, "key_env" | "endpoint">):
  | { readonly variable: string; readonly required: boolean }
  | undefined {
  if (isGoogle(endpoint)) return { variable, required: false };
  return variable === GOOGLES_KEY ? undefined : { variable, required: true };
}

/** What google-vision cannot ask without: its key, unless Google's libraries may find other credentials. */
export function googleNeeds(teacher: JsonObject): readonly SecretNeed[] {
  const key = keyVariable(teacher as unknown as GoogleVisionTeacher);
  if (!key) return [];
  if (key.required) return [{ variable: key.variable }];
  return mayHaveCredentials(process.env) ? [] : [{ variable: key.variable, instead: INSTEAD_OF_A_KEY }];
}

/** Whether Google's libraries might find credentials: in a file, gcloud's, or from the machine that this runs on. */
function mayHaveCredentials(env: NodeJS.ProcessEnv): boolean {
  if (env.GOOGLE_APPLICATION_CREDENTIALS || env.GCE_METADATA_HOST) return true;
  const folders = [env.CLOUDSDK_CONFIG, join(homedir(), ".config", "gcloud")];
  const isThere = (folder?: string) =>
    folder && existsSync(join(folder, "application_default_credentials.json"));
  return folders.some((folder) => isThere(folder)) || isGooglesMachine(env);
}

/** By what Google's gcp-metadata goes, without a request: Cloud Run's and Functions' variables, firmware, hardware addresses. */
function isGooglesMachine(env: NodeJS.ProcessEnv): boolean {
  if (env.CLOUD_RUN_JOB || env.FUNCTION_NAME || env.K_SERVICE) return true;
  try {
    if (readFileSync("/sys/class/dmi/id/bios_vendor", "utf8").includes("Google")) return true;
  } catch {
    // No such firmware.
  }
  return Object.values(networkInterfaces()).some((list) => list?.some(({ mac }) => mac.startsWith("42:01")));
}

/** Where Google's libraries look for credentials, and for the way out of a closed network. */
const GOOGLES_VARIABLES = [
  "GOOGLE_APPLICATION_CREDENTIALS",
  "GOOGLE_CLOUD_PROJECT",
  "GOOGLE_CLOUD_QUOTA_PROJECT",
  "CLOUDSDK_CONFIG",
  "GCE_METADATA_HOST",
  "HTTPS_PROXY",
  "https_proxy",
  "NO_PROXY",
  "no_proxy",
];

export function googleEnvironment(teacher: JsonObject): readonly string[] {
  const { endpoint } = teacher as unknown as GoogleVisionTeacher;
  return isGoogle(endpoint) ? GOOGLES_VARIABLES : [];
}
