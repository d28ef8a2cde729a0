import type { PaidWork } from "../../../../contract/kind.js";
import type { Json, JsonObject } from "../../../../core/json.js";
import type { GoogleVisionTeacher } from "../../schema-vision.js";
import { featuresOf } from "./annotate.js";
import { LABEL_TARIFF, quote, type Tariff } from "./tariff.js";

const FREE: Tariff = { free: 0, used: 0, steps: [] };

/** Whether requests go to Google, and its key and credentials with them. */
export function isGoogle(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true;
  const { hostname, protocol } = new URL(endpoint);
  return protocol === "https:" && hostname.endsWith(".googleapis.com");
}

/** What google-vision's answers cost, and what they are answers to. */
export function googlePrice(teacher: JsonObject): PaidWork {
  const params = teacher as unknown as GoogleVisionTeacher;
  const { endpoint } = params;
  const tariff = params.tariff ?? (isGoogle(endpoint) ? LABEL_TARIFF : FREE);
  return {
    asks: "google-vision",
    // Google's regional endpoints give the same answers; another server's are its own.
    ledger: {
      features: featuresOf(params) as unknown as Json,
      ...(isGoogle(endpoint) ? {} : { endpoint: new URL(String(endpoint)).origin }),
    },
    quote: (pictures) => quote(tariff, pictures),
    maxCost: params.max_cost,
  };
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
