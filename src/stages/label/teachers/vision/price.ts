import type { PaidWork } from "../../../../contract/kind.js";
import type { Json, JsonObject } from "../../../../core/json.js";
import type { GoogleVisionTeacher } from "../../schema-vision.js";
import { featuresOf } from "./annotate.js";
import { isGoogle } from "./credentials.js";
import { LABEL_TARIFF, quote, type Tariff } from "./tariff.js";

const FREE: Tariff = { free: 0, used: 0, steps: [] };

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
